// Business registration numbers that nobody has: tax office 999 does not exist.

import type { Random } from './random.js';

const WEIGHTS = [1, 3, 7, 1, 3, 7, 1, 3, 5];
const SERIALS = 9_999;

/** The tenth digit of a Korean business registration number, from the first nine. */
export function checkDigitOf(nine: string): number {
  const digits = [...nine].map(Number);
  const sum = WEIGHTS.reduce((total, weight, at) => total + weight * (digits[at] ?? 0), Math.floor(((digits[8] ?? 0) * 5) / 10));
  return (10 - (sum % 10)) % 10;
}

/** Another one of the same kind of business. */
export function anotherNumber(like: string, random: Random): string {
  const start = like.slice(0, 7);
  const serial = String(random.whole(1, SERIALS)).padStart(4, '0');
  return `${start}${serial}${checkDigitOf(start.replaceAll('-', '') + serial)}`;
}
