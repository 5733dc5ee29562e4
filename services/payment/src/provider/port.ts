// What the service needs of a payment provider. Every call that moves money carries a key under which it happens at most once.
import type { BookLine } from '../domain/reconciliation.js';

/** A card as a person gives it; passed on, never kept. */
export interface Card {
  readonly cardNumber: string;
  readonly expiryMonth: number;
  readonly expiryYear: number;
  readonly holderId: string;
}

export interface RegisteredCard {
  readonly billingKey: string;
  readonly brand: string;
  readonly last4: string;
}

export interface ChargeOrder {
  readonly idempotencyKey: string;
  readonly billingKey: string;
  readonly currency: string;
  readonly amountMinor: bigint;
  /** What the provider shows beside the charge. */
  readonly orderId: string;
}

/** A charge as it stands in the provider's books. */
export interface ProviderCharge {
  readonly state: 'SUCCEEDED' | 'DECLINED' | 'CANCELED';
  readonly id: string;
  readonly idempotencyKey: string;
  readonly currency: string;
  readonly amountMinor: bigint;
  readonly feeMinor: bigint;
  readonly declineCode: string | undefined;
}

export interface BookPage {
  readonly lines: readonly BookLine[];
  /** None on the last page. */
  readonly nextCursor: string | undefined;
}

/** The provider would not even book the charge: nothing moved, and nothing will. */
export interface Refusal {
  readonly state: 'REFUSED';
  readonly code: string;
}

/** Each may throw OutcomeUnknown: then the same call with the same key, or a question by the key, tells. */
export interface PaymentProvider {
  /** Throws CardRefused. */
  registerCard(card: Card): Promise<RegisteredCard>;
  charge(order: ChargeOrder): Promise<ProviderCharge | Refusal>;
  /** None: nothing is booked under this key. It may still be under way, so what follows is the same charge with the same key. */
  findCharge(idempotencyKey: string): Promise<ProviderCharge | undefined>;
  getCharge(chargeId: string): Promise<ProviderCharge | undefined>;
  /** Gives a charge back in full; the provider's fee comes back, too. */
  cancelCharge(chargeId: string, idempotencyKey: string): Promise<ProviderCharge>;
  /** A page of the provider's books, oldest first; from the beginning for ''. */
  listBooks(cursor: string): Promise<BookPage>;
}

/** No answer, or one that does not say what happened. */
export class OutcomeUnknown extends Error {}

/** The provider does not take a card. */
export class CardRefused extends Error {
  readonly reason: 'CARD_INVALID' | 'CARD_EXPIRED' | 'CARD_REFUSED';

  constructor(reason: CardRefused['reason']) {
    super(reason);
    this.reason = reason;
  }
}
