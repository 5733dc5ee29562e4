// What the service needs of a payment provider. Every call that moves money carries a key under which it happens at most once.
import type { BookLine } from '../domain/reconciliation.js';

/** A card as a person gives it; passed on, never kept. */
export interface Card {
  readonly cardNumber: string;
  readonly expiryMonth: number;
  readonly expiryYear: number;
  /** The account's. */
  readonly holderId: string;
  /** Birth date or business number of the card's owner, '' where none was given. */
  readonly ownerNumber: string;
}

/** A card that the provider's own page took. */
export interface AuthorizedCard {
  /** What the page gave for it, to be used once. */
  readonly authKey: string;
  readonly holderId: string;
}

export interface RegisteredCard {
  readonly billingKey: string;
  readonly brand: string;
  /** A provider may hide a digit of them: "123*". */
  readonly last4: string;
}

export interface ChargeOrder {
  readonly idempotencyKey: string;
  readonly billingKey: string;
  /** Whose card it is: the same as when it was registered. */
  readonly holderId: string;
  readonly currency: string;
  readonly amountMinor: bigint;
  /** What the provider shows beside the charge. */
  readonly orderId: string;
  /** How often it has been sent, this time counted. A provider that keeps its errors under the key is asked in another way the more often. */
  readonly tries: number;
}

/** A charge as it stands in the provider's books. */
export interface ProviderCharge {
  /** CANCELED: given back in full. */
  readonly state: 'SUCCEEDED' | 'DECLINED' | 'PARTIALLY_REFUNDED' | 'CANCELED' | 'CHARGED_BACK';
  /** Of an order: the payment key. */
  readonly id: string;
  /** Under which it was asked for. A provider that does not keep it tells the order's id. */
  readonly idempotencyKey: string;
  readonly currency: string;
  readonly amountMinor: bigint;
  readonly feeMinor: bigint;
  readonly declineCode: string | undefined;
  readonly refunds: readonly ProviderRefund[];
}

/** Money that the provider gave back, and so much of its fee with it. */
export interface ProviderRefund {
  readonly id: string;
  readonly idempotencyKey: string;
  readonly amountMinor: bigint;
  readonly feeMinor: bigint;
}

export interface RefundOrder {
  readonly chargeId: string;
  readonly idempotencyKey: string;
  readonly currency: string;
  readonly amountMinor: bigint;
  readonly reason: string;
  /** As with a charge. */
  readonly tries: number;
}

/** What the provider told of its own accord. It is not believed: the provider is asked. */
export interface ProviderEvent {
  readonly id: string;
  readonly type: string;
  readonly chargeId: string;
  /** Where nothing is signed: the key that the charge was asked for under, as the event has it. One that we do not know is not worth a question. */
  readonly idempotencyKey: string | undefined;
}

/** What a buyer is to pay at the provider's page. */
export interface CheckoutOrder {
  /** Ours, and the provider's name for it, too: one order is paid once. */
  readonly orderId: string;
  /** Shown to the buyer. */
  readonly orderName: string;
  readonly currency: string;
  readonly amountMinor: bigint;
  /** Where the page sends the buyer: with `paymentKey`, `orderId` and `amount`, or with `code` when nothing was paid. */
  readonly returnUrl: string;
  /** From now on, by any clock: ours may be shifted, and the provider's is real. A provider may have a shorter one of its own. */
  readonly lifetimeMs: number;
}

/** What a buyer brings back from the provider's page, and what we stored of the order. */
export interface Confirmation {
  readonly idempotencyKey: string;
  readonly paymentKey: string;
  readonly orderId: string;
  readonly currency: string;
  readonly amountMinor: bigint;
  /** As with a charge. */
  readonly tries: number;
}

export interface BookPage {
  readonly lines: readonly BookLine[];
  /** None on the last page. */
  readonly nextCursor: string | undefined;
}

/** The provider would not even book it: nothing moved, and nothing will. */
export interface Refusal {
  readonly state: 'REFUSED';
  readonly code: string;
}

/** Each may throw OutcomeUnknown: then the same call with the same key, or a question by the key, tells. */
export interface PaymentProvider {
  /** Throws CardRefused. */
  registerCard(card: Card | AuthorizedCard): Promise<RegisteredCard>;
  charge(order: ChargeOrder): Promise<ProviderCharge | Refusal>;
  /** None: nothing is booked under this key. It may still be under way, so what follows is the same charge with the same key. */
  findCharge(idempotencyKey: string): Promise<ProviderCharge | undefined>;
  getCharge(chargeId: string): Promise<ProviderCharge | undefined>;
  /** Where the buyer pays: the same page however often it is asked for. Nothing is charged before `confirm`. */
  openCheckout(order: CheckoutOrder): Promise<{ readonly url: string }>;
  /**
   * Charges what the buyer has agreed to at the page. DECLINED: by the card, and the buyer may try again at the page, with another payment
   * key. REFUSED: the provider would not even try; with the code PAYMENT_KEY_MISMATCH for a payment key that is not of this order and amount.
   */
  confirm(confirmation: Confirmation): Promise<ProviderCharge | Refusal>;
  /** The order's charge, if one was approved. A confirmation may still be under way. */
  findPayment(orderId: string): Promise<ProviderCharge | undefined>;
  /**
   * Nothing of this order is approved any more, as far as the provider can see to that; gives what was approved before. An order that the
   * provider does not know is closed.
   */
  closeCheckout(orderId: string): Promise<ProviderCharge | undefined>;
  /** Gives money of a charge back. REFUSED: so much of it is not left. */
  refund(order: RefundOrder): Promise<ProviderCharge | Refusal>;
  /** A page of the provider's books, oldest first; from the beginning for ''. */
  listBooks(cursor: string): Promise<BookPage>;
  /** How long a page of the books may take. */
  readonly bookPageMs: number;
  /** Throws WEBHOOK_REFUSED and WEBHOOK_UNREADABLE. None: it tells of nothing that concerns us. */
  readWebhook(headers: Readonly<Record<string, string>>, body: Uint8Array): ProviderEvent | undefined;
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
