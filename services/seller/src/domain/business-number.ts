import { fail } from '../errors.js';

const WEIGHTS = [1, 3, 7, 1, 3, 7, 1, 3, 5];
const CHECKED_TWICE = 8;

/** The ten digits of a Korean business registration number, without hyphens. Throws BUSINESS_NUMBER_WRONG when the check digit does not hold. */
export function businessNumberOf(text: string): string {
  const number = text.replaceAll('-', '');
  if (!/^\d{10}$/.test(number) || checkDigitOf(number) !== Number(number[9])) {
    throw fail('BUSINESS_NUMBER_WRONG', {}, { violations: [{ field: 'business_number', description: 'check digit does not hold' }] });
  }
  return number;
}

// Weighted digits; of the ninth, the tens of its product count as well.
function checkDigitOf(number: string): number {
  const sum = WEIGHTS.reduce((total, weight, index) => total + Number(number[index]) * weight, 0);
  const tens = Math.floor((Number(number[CHECKED_TWICE]) * WEIGHTS[CHECKED_TWICE]!) / 10);
  return (10 - ((sum + tens) % 10)) % 10;
}
