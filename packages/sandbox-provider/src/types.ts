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
  /** CANCELED: all of it was given back. CHARGED_BACK: the card's bank took back what had not been given back before. */
  readonly state: 'SUCCEEDED' | 'DECLINED' | 'PARTIALLY_REFUNDED' | 'CANCELED' | 'CHARGED_BACK';
  readonly amountMinor: number;
  readonly feeMinor: number;
  readonly currency: string;
  readonly orderId: string;
  /** None when the buyer paid at the page: then the charge's id is the payment key. */
  readonly billingKey?: string;
  readonly idempotencyKey: string;
  readonly declineCode?: string;
  readonly createTime: string;
  readonly refunds: readonly Refund[];
  readonly chargebackTime?: string;
}

/** An order that waits at the payment page. */
export interface Checkout {
  readonly id: string;
  readonly orderId: string;
  readonly orderName: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly returnUrl: string;
  readonly createTime: string;
  /** From then on the page takes no card. */
  readonly expireTime: string;
  /** Set when the merchant has closed it: nothing of it is approved any more. */
  readonly closeTime?: string;
}

/** A card that its holder agreed to be charged once, at the page. */
export interface Authentication {
  readonly paymentKey: string;
  readonly orderId: string;
  readonly brand: string;
  readonly last4: string;
  readonly behaviour: Behaviour;
  /** Until then the merchant may confirm it. */
  readonly expireTime: string;
}

/** Money of a charge that was given back, and so much of the fee with it. */
export interface Refund {
  readonly id: string;
  readonly idempotencyKey: string;
  readonly amountMinor: number;
  readonly feeMinor: number;
  readonly createTime: string;
}

/** Money that left for somebody's bank account. */
export interface Transfer {
  readonly id: string;
  readonly state: 'MADE' | 'REFUSED';
  /** Why it was refused. */
  readonly code?: string;
  readonly bankCode: string;
  readonly accountNumber: string;
  readonly holderName: string;
  readonly currency: string;
  readonly amountMinor: number;
  readonly idempotencyKey: string;
  readonly createTime: string;
}

export interface WebhookEvent {
  readonly id: string;
  readonly type:
    | 'charge.succeeded'
    | 'charge.declined'
    | 'payment.approved'
    | 'payment.declined'
    | 'charge.refunded'
    | 'charge.charged_back';
  readonly createTime: string;
  readonly data: { readonly charge: Charge };
}

export interface BookEntry {
  readonly cursor: string;
  readonly time: string;
  readonly type: 'CHARGE' | 'DECLINE' | 'REFUND' | 'CHARGEBACK';
  readonly chargeId: string;
  readonly orderId: string;
  readonly idempotencyKey: string;
  readonly currency: string;
  /** What moved: paid by the card for CHARGE, given back for REFUND and CHARGEBACK; for DECLINE what was asked, and nothing moved. */
  readonly amountMinor: number;
  /** Kept by the provider for CHARGE, given back for REFUND; a chargeback gives none back. */
  readonly feeMinor: number;
}

export interface BookTotals {
  readonly currency: string;
  readonly charges: number;
  readonly chargedMinor: number;
  readonly declines: number;
  readonly refunds: number;
  readonly refundedMinor: number;
  readonly chargebacks: number;
  readonly chargedBackMinor: number;
  /** Fees kept: those of charges less those given back. */
  readonly feeMinor: number;
  /** What the merchant is owed: charged - refunded - charged back - fees. */
  readonly netMinor: number;
}
