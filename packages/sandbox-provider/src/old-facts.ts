// Lines of journals from before money could go back in part, read as what they mean today.
import type { Fact } from './books.js';
import type { Charge, Refund } from './types.js';

type OldCharge = Omit<Charge, 'refunds'> & Partial<Pick<Charge, 'refunds'>>;
type OfKind<K extends Fact['kind']> = Extract<Fact, { kind: K }>;

/** A whole charge went back, which was all there was. */
interface Cancel extends Pick<OfKind<'REFUND'>, 'event' | 'delivery'> {
  readonly kind: 'CANCEL';
  readonly charge: OldCharge;
  readonly cancelKey: string;
}

export type StoredFact = Exclude<Fact, OfKind<'CHARGE'>> | (Omit<OfKind<'CHARGE'>, 'charge'> & { readonly charge: OldCharge }) | Cancel;

export function readFact(fact: StoredFact): Fact {
  if (fact.kind === 'CHARGE') return { ...fact, charge: { refunds: [], ...fact.charge } };
  if (fact.kind !== 'CANCEL') return fact;
  const { charge, cancelKey: idempotencyKey, event, delivery } = fact;
  const { amountMinor, feeMinor } = charge;
  const refund: Refund = { id: `re_${charge.id}`, idempotencyKey, amountMinor, feeMinor, createTime: event.createTime };
  return { kind: 'REFUND', charge: { ...charge, refunds: [refund] }, refund, event, delivery };
}
