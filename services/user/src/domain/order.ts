/** An order's states, as in purchase. */
export type OrderState =
  | 'PENDING'
  | 'AWAITING_PAYMENT'
  | 'PAID'
  | 'PREPARING'
  | 'SHIPPED'
  | 'DELIVERED'
  | 'COMPLETED'
  | 'CANCELED'
  | 'EXPIRED'
  | 'RETURN_REQUESTED'
  | 'RETURNED';

/** An order in these states is under way. */
export const LIVE_ORDER_STATES: readonly OrderState[] = ['AWAITING_PAYMENT', 'PAID', 'PREPARING', 'SHIPPED', 'RETURN_REQUESTED'];
