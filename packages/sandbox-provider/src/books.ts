// The provider's books: what the journal's records mean. Pure memory; the caller writes the record that it applied.

import type { BookEntry, BookTotals, Charge, StoredBillingKey, WebhookEvent } from './types.js';

/** One line of the journal. A charge and its event are one line, so neither is ever there without the other. */
export type Fact =
  | { readonly kind: 'BILLING_KEY'; readonly billingKey: StoredBillingKey }
  | { readonly kind: 'CHARGE'; readonly charge: Charge; readonly event: WebhookEvent; readonly delivery: Delivery }
  | {
      readonly kind: 'CANCEL';
      readonly charge: Charge;
      readonly cancelKey: string;
      readonly event: WebhookEvent;
      readonly delivery: Delivery;
    }
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
  /** The charge that this key canceled. */
  canceledBy(key: string): Charge | undefined;
  /** Charges tried on one billing key so far. */
  chargesOn(billingKey: string): number;
  entriesAfter(cursor: number, limit: number): readonly BookEntry[];
  totals(): readonly BookTotals[];
  pendingEvents(): readonly PendingEvent[];
}

export function emptyBooks(): Books {
  const billingKeys = new Map<string, StoredBillingKey>();
  const charges = new Map<string, Charge>();
  const idByIdempotencyKey = new Map<string, string>();
  const idByCancelKey = new Map<string, string>();
  const triesByBillingKey = new Map<string, number>();
  const entries: BookEntry[] = [];
  const pending = new Map<string, PendingEvent>();

  function enter(type: BookEntry['type'], charge: Charge, idempotencyKey: string, time: string): void {
    const { id: chargeId, orderId, currency, amountMinor } = charge;
    // A declined charge has no fee; a cancel gives the charge's back.
    entries.push({
      cursor: String(entries.length + 1),
      time,
      type,
      chargeId,
      orderId,
      idempotencyKey,
      currency,
      amountMinor,
      feeMinor: charge.feeMinor,
    });
  }

  const byId = (id: string | undefined) => (id === undefined ? undefined : charges.get(id));

  return {
    apply(fact) {
      switch (fact.kind) {
        case 'BILLING_KEY':
          billingKeys.set(fact.billingKey.billingKey, fact.billingKey);
          return;
        case 'CHARGE': {
          const { charge } = fact;
          charges.set(charge.id, charge);
          idByIdempotencyKey.set(charge.idempotencyKey, charge.id);
          triesByBillingKey.set(charge.billingKey, (triesByBillingKey.get(charge.billingKey) ?? 0) + 1);
          enter(charge.state === 'DECLINED' ? 'DECLINE' : 'CHARGE', charge, charge.idempotencyKey, charge.createTime);
          pending.set(fact.event.id, fact);
          return;
        }
        case 'CANCEL':
          charges.set(fact.charge.id, fact.charge);
          idByCancelKey.set(fact.cancelKey, fact.charge.id);
          enter('CANCEL', fact.charge, fact.cancelKey, fact.event.createTime);
          pending.set(fact.event.id, fact);
          return;
        case 'DELIVERED':
          pending.delete(fact.eventId);
      }
    },
    billingKey: (key) => billingKeys.get(key),
    charge: byId,
    chargeByIdempotencyKey: (key) => byId(idByIdempotencyKey.get(key)),
    canceledBy: (key) => byId(idByCancelKey.get(key)),
    chargesOn: (billingKey) => triesByBillingKey.get(billingKey) ?? 0,
    entriesAfter: (cursor, limit) => entries.slice(cursor, cursor + limit),
    totals: () => totalsOf(entries),
    pendingEvents: () => [...pending.values()],
  };
}

function totalsOf(entries: readonly BookEntry[]): BookTotals[] {
  const currencies = [...new Set(entries.map((entry) => entry.currency))].sort();
  return currencies.map((currency) => {
    const of = (type: BookEntry['type']) => entries.filter((entry) => entry.currency === currency && entry.type === type);
    const [charges, declines, cancels] = [of('CHARGE'), of('DECLINE'), of('CANCEL')];
    const sum = (of: readonly BookEntry[], field: 'amountMinor' | 'feeMinor') => of.reduce((total, entry) => total + entry[field], 0);
    const chargedMinor = sum(charges, 'amountMinor');
    const canceledMinor = sum(cancels, 'amountMinor');
    const feeMinor = sum(charges, 'feeMinor') - sum(cancels, 'feeMinor');
    return {
      currency,
      charges: charges.length,
      chargedMinor,
      declines: declines.length,
      cancels: cancels.length,
      canceledMinor,
      feeMinor,
      netMinor: chargedMinor - canceledMinor - feeMinor,
    };
  });
}
