// Puts an event into the outbox, in the transaction that makes it true.
import { fromBinary, toJson } from '@bufbuild/protobuf';
import { contracts, listEvents } from '@moa/contracts/descriptors';
import type { MessageType } from '@moa/contracts/method';
import type { RawQueries } from '../database.js';
import { type Origin, sqlCall } from '../origin.js';

export type EventType<T> = MessageType<T> & { readonly $type: string };

const keyFields = new Map(listEvents().map(({ type, key }) => [type, key]));

/**
 * Writes an event with the transaction `tx`. `version` is that of the thing that changed, after the change: it grows with each event of
 * a key. In an SQL function, kit.emit does the same.
 */
export async function emit<T>(
  tx: object,
  { at, trace }: Origin,
  type: EventType<T>,
  event: T,
  { version }: { version: bigint | number },
): Promise<void> {
  const { key, body } = storedForm(type, event);
  await (tx as RawQueries)
    .$queryRaw`SELECT kit.emit(${sqlCall({ at, trace })}::jsonb, ${type.$type}, ${key}, ${BigInt(version)}, ${body}::jsonb)::text`;
}

/** An event's key, and the event as JSON: what an outbox keeps. */
export function storedForm<T>(type: EventType<T>, event: T): { key: string; body: string } {
  const keyField = keyFields.get(type.$type);
  if (keyField === undefined) throw new Error(`${type.$type} is no event`);
  const schema = contracts.getMessage(type.$type)!;
  return { key: String(event[keyField as keyof T]), body: JSON.stringify(toJson(schema, fromBinary(schema, type.encode(event).finish()))) };
}
