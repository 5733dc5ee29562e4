// What the provider answers with. Amounts are whole minor units of the currency (won for KRW), within what a JSON number holds exactly.

import type { Behaviour } from './cards.js';

export interface BillingKey {
  readonly billingKey: string;
  readonly brand: string;
  readonly last4: string;
  readonly holderId: string;
  readonly expiryMonth: number;
  readonly expiryYear: number;
  readonly createTime: string;
}

/** What the journal keeps of a card: never its number. */
export interface StoredBillingKey extends BillingKey {
  readonly behaviour: Behaviour;
}

export interface Charge {
  readonly id: string;
  readonly state: 'SUCCEEDED' | 'DECLINED' | 'CANCELED';
  readonly amountMinor: number;
  readonly feeMinor: number;
  readonly currency: string;
  readonly orderId: string;
  readonly billingKey: string;
  readonly idempotencyKey: string;
  readonly declineCode?: string;
  readonly createTime: string;
  readonly cancelTime?: string;
}

export interface WebhookEvent {
  readonly id: string;
  readonly type: 'charge.succeeded' | 'charge.declined' | 'charge.canceled';
  readonly createTime: string;
  readonly data: { readonly charge: Charge };
}

export interface BookEntry {
  readonly cursor: string;
  readonly time: string;
  readonly type: 'CHARGE' | 'DECLINE' | 'CANCEL';
  readonly chargeId: string;
  readonly orderId: string;
  readonly idempotencyKey: string;
  readonly currency: string;
  /** What moved: paid by the card for CHARGE, given back for CANCEL; for DECLINE what was asked, and nothing moved. */
  readonly amountMinor: number;
  /** Kept by the provider for CHARGE, given back for CANCEL. */
  readonly feeMinor: number;
}

export interface BookTotals {
  readonly currency: string;
  readonly charges: number;
  readonly chargedMinor: number;
  readonly declines: number;
  readonly cancels: number;
  readonly canceledMinor: number;
  /** Fees kept: those of charges less those given back. */
  readonly feeMinor: number;
  /** What the merchant is owed: charged - canceled - fees. */
  readonly netMinor: number;
}
