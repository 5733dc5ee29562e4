import type { ProviderEvent } from '../provider/port.js';
import type { PaymentDatabase } from './database.js';

/** Remembers that the provider told this; false when it was told and looked into before. */
export async function receiveEvent({ client }: PaymentDatabase, { id, type }: ProviderEvent, at: Date): Promise<boolean> {
  const [row] = await client.$queryRaw<{ handled: boolean }[]>`
    INSERT INTO provider_event (id, type, receive_time) VALUES (${id}, ${type}, ${at}::timestamptz)
    ON CONFLICT (id) DO UPDATE SET type = provider_event.type RETURNING handle_time IS NOT NULL AS handled`;
  return !row!.handled;
}

export async function finishEvent({ client }: PaymentDatabase, id: string, at: Date): Promise<void> {
  await client.providerEvent.updateMany({ where: { id, handleTime: null }, data: { handleTime: at } });
}

/** The provider does not repeat itself for ever, and old webhooks are refused by their time. */
export async function forgetEvents({ client }: PaymentDatabase, before: Date): Promise<void> {
  await client.providerEvent.deleteMany({ where: { receiveTime: { lt: before }, handleTime: { not: null } } });
}
