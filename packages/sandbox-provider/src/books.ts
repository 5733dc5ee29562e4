// The provider's books: what the journal's records mean. Pure memory; the caller writes the record that it applied.

import type { Authentication, BookEntry, BookTotals, Charge, Checkout, Refund, StoredBillingKey, Transfer, WebhookEvent } from './types.js';

/** One line of the journal. A charge and its event are one line, so neither is ever there without the other. */
export type Fact =
  | { readonly kind: 'BILLING_KEY'; readonly billingKey: StoredBillingKey }
  | { readonly kind: 'CHECKOUT'; readonly checkout: Checkout }
  | { readonly kind: 'AUTHENTICATION'; readonly authentication: Authentication }
  | { readonly kind: 'CHARGE'; readonly charge: Charge; readonly event: WebhookEvent; readonly delivery: Delivery }
  | {
      readonly kind: 'REFUND';
      readonly charge: Charge;
      readonly refund: Refund;
      readonly event: WebhookEvent;
      readonly delivery: Delivery;
    }
  | {
      readonly kind: 'CHARGEBACK';
      readonly charge: Charge;
      readonly amountMinor: number;
      readonly event: WebhookEvent;
      readonly delivery: Delivery;
    }
  | { readonly kind: 'TRANSFER'; readonly transfer: Transfer }
  | { readonly kind: 'DELIVERED'; readonly eventId: string };

/** How an event is to be delivered. */
export type Delivery = { readonly kind: 'PLAIN' | 'DUPLICATE' | 'REORDERED' } | { readonly kind: 'LATE'; readonly delayMs: number };

export interface PendingEvent {
  readonly event: WebhookEvent;
  readonly delivery: Delivery;
}

export interface Books {
  apply(fact: Fact): void;
  billingKey(key: string): StoredBillingKey | undefined;
  charge(id: string): Charge | undefined;
  chargeByIdempotencyKey(key: string): Charge | undefined;
  /** The charge that this key gave money back of. */
  refundedBy(key: string): Charge | undefined;
  /** Charges tried on one billing key so far. */
  chargesOn(billingKey: string): number;
  checkout(id: string): Checkout | undefined;
  checkoutOf(orderId: string): Checkout | undefined;
  authentication(paymentKey: string): Authentication | undefined;
  /** What was charged at the page for an order so far, declined or not. */
  chargesOf(orderId: string): readonly Charge[];
  transferByIdempotencyKey(key: string): Transfer | undefined;
  transfers(): readonly Transfer[];
  entriesAfter(cursor: number, limit: number): readonly BookEntry[];
  totals(): readonly BookTotals[];
  pendingEvents(): readonly PendingEvent[];
}

export function emptyBooks(): Books {
  const billingKeys = new Map<string, StoredBillingKey>();
  const charges = new Map<string, Charge>();
  const idByIdempotencyKey = new Map<string, string>();
  const idByRefundKey = new Map<string, string>();
  const triesByBillingKey = new Map<string, number>();
  const checkouts = new Map<string, Checkout>();
  const checkoutIds = new Map<string, string>();
  const authentications = new Map<string, Authentication>();
  const chargeIdsOfOrder = new Map<string, string[]>();
  const transfers = new Map<string, Transfer>();
  const entries: BookEntry[] = [];
  const pending = new Map<string, PendingEvent>();

  function enter(
    type: BookEntry['type'],
    charge: Charge,
    moved: Pick<BookEntry, 'idempotencyKey' | 'time' | 'amountMinor' | 'feeMinor'>,
  ): void {
    const { id: chargeId, orderId, currency } = charge;
    entries.push({ cursor: String(entries.length + 1), type, chargeId, orderId, currency, ...moved });
  }

  const byId = (id: string | undefined) => (id === undefined ? undefined : charges.get(id));

  return {
    apply(fact) {
      switch (fact.kind) {
        case 'BILLING_KEY':
          billingKeys.set(fact.billingKey.billingKey, fact.billingKey);
          return;
        case 'CHECKOUT':
          checkouts.set(fact.checkout.id, fact.checkout);
          checkoutIds.set(fact.checkout.orderId, fact.checkout.id);
          return;
        case 'AUTHENTICATION':
          authentications.set(fact.authentication.paymentKey, fact.authentication);
          return;
        case 'CHARGE': {
          const { charge } = fact;
          charges.set(charge.id, { ...charge, refunds: charge.refunds ?? [] });
          idByIdempotencyKey.set(charge.idempotencyKey, charge.id);
          if (charge.billingKey) triesByBillingKey.set(charge.billingKey, (triesByBillingKey.get(charge.billingKey) ?? 0) + 1);
          else chargeIdsOfOrder.set(charge.orderId, [...(chargeIdsOfOrder.get(charge.orderId) ?? []), charge.id]);
          // A declined charge has no fee.
          enter(charge.state === 'DECLINED' ? 'DECLINE' : 'CHARGE', charge, { ...charge, time: charge.createTime });
          pending.set(fact.event.id, fact);
          return;
        }
        case 'REFUND':
          charges.set(fact.charge.id, fact.charge);
          idByRefundKey.set(fact.refund.idempotencyKey, fact.charge.id);
          enter('REFUND', fact.charge, { ...fact.refund, time: fact.refund.createTime });
          pending.set(fact.event.id, fact);
          return;
        case 'CHARGEBACK': {
          const { charge, amountMinor, event } = fact;
          charges.set(charge.id, charge);
          enter('CHARGEBACK', charge, { idempotencyKey: '', time: event.createTime, amountMinor, feeMinor: 0 });
          pending.set(event.id, fact);
          return;
        }
        case 'TRANSFER':
          transfers.set(fact.transfer.idempotencyKey, fact.transfer);
          return;
        case 'DELIVERED':
          pending.delete(fact.eventId);
      }
    },
    billingKey: (key) => billingKeys.get(key),
    charge: byId,
    chargeByIdempotencyKey: (key) => byId(idByIdempotencyKey.get(key)),
    refundedBy: (key) => byId(idByRefundKey.get(key)),
    chargesOn: (billingKey) => triesByBillingKey.get(billingKey) ?? 0,
    checkout: (id) => checkouts.get(id),
    checkoutOf: (orderId) => checkouts.get(checkoutIds.get(orderId) ?? ''),
    authentication: (paymentKey) => authentications.get(paymentKey),
    chargesOf: (orderId) => (chargeIdsOfOrder.get(orderId) ?? []).map((id) => charges.get(id)!),
    transferByIdempotencyKey: (key) => transfers.get(key),
    transfers: () => [...transfers.values()],
    entriesAfter: (cursor, limit) => entries.slice(cursor, cursor + limit),
    totals: () => totalsOf(entries),
    pendingEvents: () => [...pending.values()],
  };
}

function totalsOf(entries: readonly BookEntry[]): BookTotals[] {
  const currencies = [...new Set(entries.map((entry) => entry.currency))].sort();
  return currencies.map((currency) => {
    const of = (type: BookEntry['type']) => entries.filter((entry) => entry.currency === currency && entry.type === type);
    const [charges, declines, refunds, chargebacks] = [of('CHARGE'), of('DECLINE'), of('REFUND'), of('CHARGEBACK')];
    const sum = (of: readonly BookEntry[], field: 'amountMinor' | 'feeMinor') => of.reduce((total, entry) => total + entry[field], 0);
    const chargedMinor = sum(charges, 'amountMinor');
    const refundedMinor = sum(refunds, 'amountMinor');
    const chargedBackMinor = sum(chargebacks, 'amountMinor');
    const feeMinor = sum(charges, 'feeMinor') - sum(refunds, 'feeMinor');
    return {
      currency,
      charges: charges.length,
      chargedMinor,
      declines: declines.length,
      refunds: refunds.length,
      refundedMinor,
      chargebacks: chargebacks.length,
      chargedBackMinor,
      feeMinor,
      netMinor: chargedMinor - refundedMinor - chargedBackMinor - feeMinor,
    };
  });
}
