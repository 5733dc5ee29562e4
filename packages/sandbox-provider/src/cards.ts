// Card numbers: the checksum, the brand, and the test cards whose number says how they behave.

export const behaviourKinds = [
  'PLAIN',
  'DECLINE',
  'DECLINE_FIRST',
  'TIMEOUT_AFTER_SUCCESS',
  'TIMEOUT_BEFORE',
  'SLOW',
  'ERROR_ONCE',
  'DUPLICATE_WEBHOOK',
  'LATE_WEBHOOK',
  'REORDERED_WEBHOOKS',
  'REFUSED_AT_REGISTRATION',
  'CHARGEBACK',
] as const;

export interface Behaviour {
  readonly kind: (typeof behaviourKinds)[number];
  /** DECLINE_FIRST: how many times. SLOW, LATE_WEBHOOK and CHARGEBACK: tenths of a second. */
  readonly parameter: number;
}

const PLAIN: Behaviour = { kind: 'PLAIN', parameter: 0 };
// 4000 00KK 00PP 000C: kind, parameter, check digit.
const TEST_CARD = /^400000(\d\d)00(\d\d)000\d$/;

/** The number of a test card, e.g. `testCard('DECLINE_FIRST', 3)`. */
export function testCard(kind: Behaviour['kind'], parameter = 0): string {
  const digits = (value: number) => String(value).padStart(2, '0');
  if (!Number.isInteger(parameter) || parameter < 0 || parameter > 99) throw new RangeError('parameter is 0 to 99');
  const body = `400000${digits(behaviourKinds.indexOf(kind))}00${digits(parameter)}000`;
  return `${body}${(10 - (luhnSum(`${body}0`) % 10)) % 10}`;
}

/** How this card behaves; any number that is not a test card is plain. */
export function behaviourOf(cardNumber: string): Behaviour {
  const match = TEST_CARD.exec(cardNumber);
  const kind = behaviourKinds[Number(match?.[1])];
  return match && kind ? { kind, parameter: Number(match[2]) } : PLAIN;
}

export function isCardNumber(cardNumber: string): boolean {
  return /^\d{13,19}$/.test(cardNumber) && luhnSum(cardNumber) % 10 === 0;
}

export function brandOf(cardNumber: string): string {
  if (cardNumber.startsWith('4')) return 'VISA';
  if (/^(5[1-5]|2[2-7])/.test(cardNumber)) return 'MASTERCARD';
  if (/^3[47]/.test(cardNumber)) return 'AMEX';
  if (cardNumber.startsWith('35')) return 'JCB';
  return cardNumber.startsWith('9') ? 'LOCAL' : 'OTHER';
}

function luhnSum(digits: string): number {
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const digit = Number(digits[digits.length - 1 - index]);
    const doubled = index % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum;
}
