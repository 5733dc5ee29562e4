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
  PAYMENT_DECLINED: {
    code: status.FAILED_PRECONDITION,
    ko: '결제가 승인되지 않았어요. 다른 카드로 다시 시도해 주세요.',
    en: 'The payment was declined. Please try again with another card.',
  },
  PAYMENT_EXPIRED: {
    code: status.FAILED_PRECONDITION,
    ko: '결제 시간이 지났어요. 다시 주문해 주세요.',
    en: 'The time to pay is over. Please order again.',
  },
  PAYMENT_CANCELED: { code: status.FAILED_PRECONDITION, ko: '취소된 주문이에요.', en: 'This order was canceled.' },
  AMOUNT_MISMATCH: {
    code: status.FAILED_PRECONDITION,
    ko: '결제 금액이 주문과 달라요.',
    en: 'The amount is not that of the order.',
  },
  PAYMENT_KEY_MISMATCH: {
    code: status.FAILED_PRECONDITION,
    ko: '이 주문의 결제가 아니에요.',
    en: 'This payment does not belong to the order.',
  },
  CONFIRMATION_OPEN: {
    code: status.ABORTED,
    ko: '앞선 결제를 확인하고 있어요. 잠시 후 다시 시도해 주세요.',
    en: 'An earlier payment is being checked. Please try again in a moment.',
  },
  ATTEMPTS_SPENT: {
    code: status.FAILED_PRECONDITION,
    ko: '결제를 너무 많이 시도했어요. 다시 주문해 주세요.',
    en: 'Too many attempts to pay. Please order again.',
  },
  // What follows is for services, not for people.
  CHECKOUT_NOT_OPEN: status.FAILED_PRECONDITION,
  ORDER_CHANGED: status.FAILED_PRECONDITION,
  SHARES_DO_NOT_ADD_UP: status.INVALID_ARGUMENT,
  SELLER_TWICE: status.INVALID_ARGUMENT,
  SELLER_NOT_IN_ORDER: status.INVALID_ARGUMENT,
  EXPIRE_TIME_WRONG: status.INVALID_ARGUMENT,
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
  RECONCILIATION_NOT_FOUND: status.NOT_FOUND,
  RECONCILIATION_RUNNING: status.FAILED_PRECONDITION,
  WEBHOOK_REFUSED: status.UNAUTHENTICATED,
  WEBHOOK_UNREADABLE: status.INVALID_ARGUMENT,
});
