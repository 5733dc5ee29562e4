import { status } from '@grpc/grpc-js';
import { failures } from '@moa/kit';

/** Every reason this service gives. */
export const fail = failures('moa.payment', {
  CARD_INVALID: { code: status.INVALID_ARGUMENT, ko: '카드 번호를 다시 확인해 주세요.', en: 'Please check the card number.' },
  CARD_EXPIRED: { code: status.INVALID_ARGUMENT, ko: '유효 기간이 지난 카드예요.', en: 'This card has expired.' },
  CARD_REFUSED: {
    code: status.FAILED_PRECONDITION,
    ko: '카드사가 등록을 거절했어요. 다른 카드를 이용해 주세요.',
    en: 'The card issuer refused this card. Please use another one.',
  },
  PROVIDER_UNAVAILABLE: {
    code: status.UNAVAILABLE,
    ko: '결제사와 연결이 원활하지 않아요. 잠시 후 다시 시도해 주세요.',
    en: 'The payment provider does not answer. Please try again in a moment.',
  },
  PAYMENT_NOT_FOUND: { code: status.NOT_FOUND, ko: '결제 내역을 찾을 수 없어요.', en: 'There is no such payment.' },
  // What follows is for services, not for people.
  BILLING_METHOD_NOT_FOUND: status.NOT_FOUND,
  PLEDGE_TWICE: status.INVALID_ARGUMENT,
  AMOUNT_ZERO: status.INVALID_ARGUMENT,
  CHARGE_CHANGED: status.FAILED_PRECONDITION,
  ATTEMPT_NOT_DUE: status.FAILED_PRECONDITION,
  CHARGE_STILL_OPEN: status.FAILED_PRECONDITION,
  PAYMENT_NOT_PAID: status.FAILED_PRECONDITION,
  PAYMENT_CHARGED_BACK: status.FAILED_PRECONDITION,
  REFUND_TOO_LARGE: status.FAILED_PRECONDITION,
  REFUND_REFUSED: status.FAILED_PRECONDITION,
  CURRENCY_WRONG: status.INVALID_ARGUMENT,
  PROJECT_WITHOUT_PAYMENTS: status.FAILED_PRECONDITION,
  PROJECT_FINALLY_SETTLED: status.FAILED_PRECONDITION,
  PROJECT_NOT_FINALLY_SETTLED: status.FAILED_PRECONDITION,
  FINAL_SETTLEMENT_TOO_EARLY: status.FAILED_PRECONDITION,
  SETTLEMENT_NOT_FOUND: status.NOT_FOUND,
  NOTHING_TO_PAY_OUT: status.FAILED_PRECONDITION,
  PAYOUT_REQUESTED_BEFORE: status.FAILED_PRECONDITION,
  PAYOUT_NOT_FOUND: status.NOT_FOUND,
  PAYOUT_DECIDED: status.FAILED_PRECONDITION,
  SAME_PERSON: status.PERMISSION_DENIED,
  RECONCILIATION_NOT_FOUND: status.NOT_FOUND,
  RECONCILIATION_RUNNING: status.FAILED_PRECONDITION,
  WEBHOOK_REFUSED: status.UNAUTHENTICATED,
  WEBHOOK_UNREADABLE: status.INVALID_ARGUMENT,
});
