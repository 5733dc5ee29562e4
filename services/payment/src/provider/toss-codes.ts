// What the error codes of Toss Payments mean for us. They come from its list of error codes by API; a code that is in no table here leaves
// the outcome unknown, and the payment is asked for. HTTP's status says too little: PROVIDER_ERROR is a 400, and passing.

import type { CardRefused } from './port.js';

/** The card's issuer said no. */
export const DECLINED: ReadonlySet<string> = new Set([
  'REJECT_CARD_PAYMENT',
  'REJECT_CARD_COMPANY',
  'REJECT_ACCOUNT_PAYMENT',
  'INVALID_REJECT_CARD',
  'INVALID_STOPPED_CARD',
  'INVALID_CARD_LOST_OR_STOLEN',
  'INVALID_CARD_EXPIRATION',
  'INVALID_CARD_NUMBER',
  'RESTRICTED_TRANSFER_ACCOUNT',
  'EXCEED_MAX_AMOUNT',
  'EXCEED_MAX_AUTH_COUNT',
  'EXCEED_MAX_DAILY_PAYMENT_COUNT',
  'EXCEED_MAX_MONTHLY_PAYMENT_AMOUNT',
  'EXCEED_MAX_ONE_DAY_AMOUNT',
  'EXCEED_MAX_PAYMENT_AMOUNT',
  'FDS_ERROR',
]);

/** A charge that was not even tried. What is wrong with our own key is not here: that is mended, and then the charge goes through. */
export const CHARGE_REFUSED: ReadonlySet<string> = new Set([
  'BELOW_MINIMUM_AMOUNT',
  'BELOW_ZERO_AMOUNT',
  'BILLING_KEY_NOT_FOUND',
  'INVALID_BILL_KEY_REQUEST',
  'INVALID_REQUEST',
  'NOT_FOUND_BILLING',
  'NOT_FOUND_BILLING_KEY',
  'NOT_MATCHES_CUSTOMER_KEY',
  'NOT_REGISTERED_CARD_COMPANY',
  'NOT_SUPPORTED_CARD_TYPE',
]);

/** A confirmation that was not even tried: what the buyer agreed to is over, or never was. */
export const CONFIRM_REFUSED: ReadonlySet<string> = new Set([
  'BELOW_MINIMUM_AMOUNT',
  'EXCEED_MAX_CARD_INSTALLMENT_PLAN',
  'INVALID_CARD_INSTALLMENT_PLAN',
  'INVALID_PASSWORD',
  'INVALID_REQUEST',
  'NOT_ALLOWED_POINT_USE',
  'NOT_AVAILABLE_PAYMENT',
  'NOT_FOUND_PAYMENT',
  'NOT_FOUND_PAYMENT_SESSION',
  'NOT_SUPPORTED_INSTALLMENT_PLAN_CARD_OR_MERCHANT',
  'NOT_SUPPORTED_MONTHLY_INSTALLMENT_PLAN',
]);

/** A cancel that will not happen. */
export const CANCEL_REFUSED: ReadonlySet<string> = new Set([
  'ALREADY_CANCELED_PAYMENT',
  'ALREADY_REFUND_PAYMENT',
  'EXCEED_CANCEL_AMOUNT_DISCOUNT_AMOUNT',
  'EXCEED_MAX_REFUND_DUE',
  'FORBIDDEN_BANK_REFUND_REQUEST',
  'INVALID_BANK',
  'INVALID_REFUND_ACCOUNT_INFO',
  'INVALID_REFUND_ACCOUNT_NUMBER',
  'INVALID_REFUND_AMOUNT',
  'INVALID_REQUEST',
  'NOT_ALLOWED_PARTIAL_REFUND',
  'NOT_ALLOWED_PARTIAL_REFUND_WAITING_DEPOSIT',
  'NOT_CANCELABLE_AMOUNT',
  'NOT_CANCELABLE_PAYMENT',
  'NOT_CANCELABLE_PAYMENT_FOR_DORMANT_USER',
  'REFUND_REJECTED',
]);

export const NOT_FOUND: ReadonlySet<string> = new Set(['NOT_FOUND_PAYMENT', 'NOT_FOUND']);

/** The order has been paid, or is being paid: asking for it tells. */
export const ORDER_TAKEN: ReadonlySet<string> = new Set(['ALREADY_PROCESSED_PAYMENT', 'DUPLICATED_ORDER_ID']);

/** The first request of the key is still at work. */
export const STILL_AT_WORK = 'IDEMPOTENT_REQUEST_PROCESSING';

/** Why a card is not taken, by the code of a registration. */
export const CARD_REASONS: Readonly<Record<string, CardRefused['reason']>> = {
  INVALID_CARD_NUMBER: 'CARD_INVALID',
  INVALID_AUTHORIZE_AUTH: 'CARD_REFUSED',
  INVALID_BILLING_AUTH: 'CARD_REFUSED',
  INVALID_BIRTH_DAY_FORMAT: 'CARD_INVALID',
  INVALID_CARD_EXPIRATION: 'CARD_EXPIRED',
  INVALID_CARD_IDENTITY: 'CARD_REFUSED',
  INVALID_CARD_LOST_OR_STOLEN: 'CARD_REFUSED',
  INVALID_CARD_PASSWORD: 'CARD_REFUSED',
  INVALID_REJECT_CARD: 'CARD_REFUSED',
  INVALID_REQUEST: 'CARD_INVALID',
  INVALID_STOPPED_CARD: 'CARD_REFUSED',
  EXCEED_MAX_AUTH_COUNT: 'CARD_REFUSED',
  NOT_MATCHES_CUSTOMER_KEY: 'CARD_REFUSED',
  NOT_REGISTERED_CARD_COMPANY: 'CARD_REFUSED',
  NOT_SUPPORTED_CARD_TYPE: 'CARD_REFUSED',
  REJECT_CARD_COMPANY: 'CARD_REFUSED',
  REJECT_CARD_PAYMENT: 'CARD_REFUSED',
};

/** The card's issuer, by its number in Toss's list. */
export const ISSUERS: Readonly<Record<string, string>> = {
  '3K': 'IBK',
  '46': 'GWANGJUBANK',
  '71': 'LOTTE',
  '30': 'KDBBANK',
  '31': 'BC',
  '51': 'SAMSUNG',
  '38': 'SAEMAUL',
  '41': 'SHINHAN',
  '62': 'SHINHYEOP',
  '36': 'CITI',
  '33': 'WOORI',
  W1: 'WOORI',
  '37': 'POST',
  '39': 'SAVINGBANK',
  '35': 'JEONBUKBANK',
  '42': 'JEJUBANK',
  '15': 'KAKAOBANK',
  '3A': 'KBANK',
  '24': 'TOSSBANK',
  '21': 'HANA',
  '61': 'HYUNDAI',
  '11': 'KOOKMIN',
  '91': 'NONGHYEOP',
  '34': 'SUHYEOP',
};
