/** A pledge's states, as in funding. */
export type PledgeState =
  | 'ACTIVE'
  | 'CHARGING'
  | 'PAID'
  | 'CANCELED'
  | 'PAYMENT_FAILED'
  | 'DROPPED'
  | 'REFUNDED'
  | 'RELEASED'
  | 'CHARGED_BACK';

/** A pledge in these states still counts, or was paid. */
export const LIVE_STATES: readonly PledgeState[] = ['ACTIVE', 'CHARGING', 'PAID', 'PAYMENT_FAILED'];
