import type { Transaction } from '../database.js';
import type { Origin } from '../origin.js';
import type { EventType } from './emit.js';

/** An event's circumstances: as an origin, it sets off whatever its handler does. */
export interface EventInfo extends Origin {
  readonly id: string;
  /** The id of the thing that changed. */
  readonly key: string;
  /** Of the thing that changed: an effect that must not go back compares it. */
  readonly version: bigint;
  /** When it happened. */
  readonly time: Date;
}

/** The effect of an event: in Postgres it runs in the transaction that also remembers the event. */
export type Effect<T, C> = (event: T, tx: Transaction<C>, info: EventInfo) => Promise<void>;

export interface Subscription<C> {
  readonly type: string;
  readonly apply: (payload: Uint8Array, tx: Transaction<C>, info: EventInfo) => Promise<void>;
}

/**
 * What to do when an event of a type arrives.
 *
 *     host.consume('payments', db, [on(PaymentCompleted, onPaymentCompleted), on(PaymentFailed, onPaymentFailed)]);
 */
export const on = <T, C>(type: EventType<T>, effect: Effect<T, C>): Subscription<C> => ({
  type: type.$type,
  apply: (payload, tx, info) => effect(type.decode(payload), tx, info),
});
