// What a consumer with documents remembers: failures, and how far it has come. That an event was handled is not remembered: there is no
// transaction to do it in, so each effect is one conditional write that carries the event's id or the version of what changed.
import type { Connection } from 'mongoose';
import type { Transaction } from '../database.js';
import { type Headers, headersOf, type Inbox, infoOf, REPLAYS_AT_ONCE, textOf } from '../events/inbox.js';

interface FailedEvent {
  /** <consumer>/<event id> */
  readonly _id: string;
  readonly consumer: string;
  readonly eventId: string;
  readonly subject: string;
  readonly headers: Headers;
  readonly payload: Uint8Array;
  readonly error: string;
  readonly failures: number;
  readonly createTime: Date;
  readonly deadTime?: Date;
  /** Set by people, to have a dead event handled again. */
  readonly replay?: boolean;
}

interface Consumed {
  /** <consumer>/<domain> */
  readonly _id: string;
  readonly eventTime: Date;
}

export function documentInbox<M>(connection: Connection, models: () => M): Inbox<M> {
  const failed = () => connection.collection<FailedEvent>('failed_events');
  const consumed = () => connection.collection<Consumed>('consumed');
  const tx = () => models() as Transaction<M>;
  return {
    handle: (_consumer, _eventId, _at, effect) => effect(tx()),
    async countFailure(consumer, { subject, payload, info }, error, max) {
      const _id = `${consumer}/${info.id}`;
      const written = await failed().findOneAndUpdate(
        { _id },
        {
          $setOnInsert: { consumer, eventId: info.id, subject, headers: headersOf(info), payload, createTime: info.at },
          $set: { error: textOf(error) },
          $inc: { failures: 1 },
        },
        { upsert: true, returnDocument: 'after' },
      );
      if (written!.failures >= max) await failed().updateOne({ _id }, { $set: { deadTime: info.at } });
      return written!.failures;
    },
    async replayDead(consumer, apply) {
      const asked = await failed().find({ consumer, replay: true }).sort({ createTime: 1 }).limit(REPLAYS_AT_ONCE).toArray();
      for (const { _id, eventId, subject, headers, payload, createTime } of asked) {
        try {
          // A binary comes back as the driver's own type.
          await apply({ subject, payload: bytesOf(payload), info: infoOf(eventId, headers, createTime) }, tx());
          await failed().deleteOne({ _id });
        } catch (error) {
          await failed().updateOne({ _id }, { $set: { error: textOf(error) }, $unset: { replay: 1 } });
        }
      }
    },
    async noteProgress(consumer, domain, asOf) {
      await consumed().updateOne({ _id: `${consumer}/${domain}` }, { $max: { eventTime: asOf } }, { upsert: true });
    },
  };
}

const bytesOf = (value: Uint8Array | { readonly buffer: Uint8Array }): Uint8Array =>
  value instanceof Uint8Array ? value : new Uint8Array(value.buffer);
