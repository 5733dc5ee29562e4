import { status } from '@grpc/grpc-js';
import { failures } from '@moa/kit';

/** Every reason this service gives. */
export const fail = failures('moa.purchase', {
  PRODUCT_NOT_FOUND: { code: status.NOT_FOUND, ko: '상품을 찾을 수 없습니다.', en: 'There is no such product.' },
  PRODUCT_NOT_ON_SALE: {
    code: status.FAILED_PRECONDITION,
    ko: '지금은 판매하지 않는 상품입니다.',
    en: 'This is not for sale at the moment.',
  },
  PRODUCT_ON_SALE: status.FAILED_PRECONDITION,
  PRODUCT_REMOVED: status.FAILED_PRECONDITION,
  VARIANT_NOT_FOUND: { code: status.NOT_FOUND, ko: '상품 옵션을 찾을 수 없습니다.', en: 'There is no such variant.' },
  VARIANT_MISSING: {
    code: status.FAILED_PRECONDITION,
    ko: '판매할 수 있는 옵션이 하나 이상 있어야 합니다.',
    en: 'What is on sale needs a variant that is for sale.',
  },
  VARIANTS_TOO_MANY: status.FAILED_PRECONDITION,
  STOCK_RESERVED: {
    code: status.FAILED_PRECONDITION,
    ko: '주문이 잡아 둔 수량보다 적게 줄일 수 없습니다.',
    en: 'Orders hold more than that.',
  },
  STOCK_TOO_LARGE: status.FAILED_PRECONDITION,
  ETAG_STALE: status.ABORTED,
  OUT_OF_STOCK: { code: status.FAILED_PRECONDITION, ko: '재고가 부족합니다.', en: 'There are not enough of it.' },
  PRICE_CHANGED: {
    code: status.FAILED_PRECONDITION,
    ko: '상품 가격이 변경되었습니다. 다시 확인해 주세요.',
    en: 'The price has changed. Please look again.',
  },
  VARIANT_TWICE: status.INVALID_ARGUMENT,
  CURRENCIES_MIXED: {
    code: status.FAILED_PRECONDITION,
    ko: '통화가 다른 상품은 함께 주문할 수 없습니다.',
    en: 'Things with prices in different currencies cannot be ordered together.',
  },
  SELF_PURCHASE: {
    code: status.FAILED_PRECONDITION,
    ko: '본인이 판매하는 상품은 주문할 수 없습니다.',
    en: 'You cannot buy what you sell yourself.',
  },
  ORDER_TOO_LARGE: { code: status.FAILED_PRECONDITION, ko: '주문 금액이 너무 큽니다.', en: 'This is too much for one order.' },
  POINTS_TOO_MANY: {
    code: status.FAILED_PRECONDITION,
    ko: '결제할 금액보다 많은 포인트를 사용할 수 없습니다.',
    en: 'You cannot use more points than there is to pay.',
  },
  ORDER_NOT_FOUND: { code: status.NOT_FOUND, ko: '주문을 찾을 수 없습니다.', en: 'There is no such order.' },
  ORDER_ENDED: { code: status.FAILED_PRECONDITION, ko: '이미 종료된 주문입니다.', en: 'This order has ended already.' },
  ORDER_NOT_PAID: {
    code: status.FAILED_PRECONDITION,
    ko: '결제 전에는 주문 전체만 취소할 수 있습니다.',
    en: 'Before it is paid, an order can only be canceled as a whole.',
  },
  LINE_NOT_FOUND: { code: status.NOT_FOUND, ko: '주문에 없는 상품입니다.', en: 'The order has no such line.' },
  LINE_NOT_CANCELABLE: {
    code: status.FAILED_PRECONDITION,
    ko: '판매자가 상품을 준비하기 시작하여 취소할 수 없습니다.',
    en: 'Its seller has begun to pack it, or it was taken back already: it cannot be canceled any more.',
  },
  LINE_SENT: { code: status.FAILED_PRECONDITION, ko: '이미 발송되었거나 취소된 상품입니다.', en: 'It was sent or taken back already.' },
  LINE_NOT_TO_PREPARE: {
    code: status.FAILED_PRECONDITION,
    ko: '준비할 수 있는 상품이 아닙니다.',
    en: 'This does not wait to be packed.',
  },
  LINE_NOT_TO_SHIP: { code: status.FAILED_PRECONDITION, ko: '발송할 수 있는 상품이 아닙니다.', en: 'This does not wait to be sent.' },
  LINE_NOT_ON_ITS_WAY: { code: status.FAILED_PRECONDITION, ko: '배송 중인 상품이 아닙니다.', en: 'This is not on its way.' },
  LINE_NOT_DELIVERED: {
    code: status.FAILED_PRECONDITION,
    ko: '배송이 완료된 상품만 구매를 확정할 수 있습니다.',
    en: 'Only what was delivered can be completed.',
  },
  LINE_NOT_RETURNABLE: {
    code: status.FAILED_PRECONDITION,
    ko: '반품을 신청할 수 없는 상품입니다.',
    en: 'Only what was sent or delivered and not completed can be returned.',
  },
  LINE_NOT_REFUNDABLE: {
    code: status.FAILED_PRECONDITION,
    ko: '환불할 수 없는 상품입니다.',
    en: 'There is nothing to give back for this.',
  },
  LINES_OF_SEVERAL_SELLERS: {
    code: status.INVALID_ARGUMENT,
    ko: '반품은 판매자별로 신청해 주세요.',
    en: 'Please ask each seller on its own.',
  },
  RETURN_WINDOW_OVER: {
    code: status.FAILED_PRECONDITION,
    ko: '반품 신청 기간이 지났습니다.',
    en: 'It was delivered too long ago to be returned.',
  },
  RETURN_NOT_FOUND: { code: status.NOT_FOUND, ko: '반품 신청을 찾을 수 없습니다.', en: 'There is no such request.' },
  RETURN_DECIDED: { code: status.FAILED_PRECONDITION, ko: '이미 처리된 반품 신청입니다.', en: 'This was decided already.' },
  REJECTION_REASON_MISSING: { code: status.INVALID_ARGUMENT, ko: '거절 사유를 입력해 주세요.', en: 'Please say why.' },
  ORDER_CHARGED_BACK: {
    code: status.FAILED_PRECONDITION,
    ko: '결제가 취소된 주문입니다. 발송하지 마세요.',
    en: "The payer's bank took the money of this order back. Do not send it.",
  },
  CART_FULL: { code: status.FAILED_PRECONDITION, ko: '장바구니가 가득 찼습니다.', en: 'The cart is full.' },
  // What follows is for services and staff.
  CHECKOUT_NOT_STUCK: status.FAILED_PRECONDITION,
  CHECKOUT_LEFT_BEHIND: status.ABORTED,
  CHECKOUT_NOT_COMMITTED: status.UNAVAILABLE,
});
