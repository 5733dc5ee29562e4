// Two copies of a service relay the same documents' events, one after the other, as when a lease changes hands in the middle of a round.
import { randomUUID } from 'node:crypto';
import { openTestbed } from '@moa/testkit';
import mongoose from 'mongoose';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type DocumentEvent, documentOutbox, type WithOutbox, withEvent } from '../src/mongo/outbox.js';

const bed = await openTestbed('document-outbox');
const { MONGODB_URL } = await bed.environment('chat');
const connection = await mongoose.createConnection(MONGODB_URL!).asPromise();
const things = connection.collection<WithOutbox & { _id: string }>('things');
const open = documentOutbox(connection, ['things']);

const eventOf = (version: number): DocumentEvent => {
  const time = new Date();
  return { id: randomUUID(), type: 'moa.toy.v1.Thing', key: 'a', version: String(version), body: '{}', trace: '', time };
};
const put = (_id: string, event: DocumentEvent) => things.updateOne({ _id }, withEvent({}, event) as object, { upsert: true });
const left = async (_id: string) => {
  const { outbox, unsentTime } = (await things.findOne({ _id }))!;
  return { ids: outbox?.map(({ id }) => id), isCarrier: unsentTime !== undefined };
};
const takeOut = (_id: string, { id }: DocumentEvent) => things.updateOne({ _id }, { $pull: { outbox: { id } } } as object);
const EMPTY = { ids: undefined, isCarrier: false };

/** What one copy has read, and says is sent after `meanwhile`. */
async function forgetLate(id: string, meanwhile: () => Promise<unknown>): Promise<void> {
  const late = open();
  const rows = await late.read(100);
  // Its time is over: the next copy leads.
  await late.close();
  await meanwhile();
  await late.forget(rows.filter(({ position }) => position === `things/${id}`));
}

async function relayed(id: string): Promise<void> {
  const relay = open();
  const rows = await relay.read(100);
  await relay.forget(rows.filter(({ position }) => position === `things/${id}`));
  await relay.close();
}

test('an event that came after another copy had told all is not taken for one that was told', async () => {
  const [id, first, second] = [randomUUID(), eventOf(1), eventOf(2)];
  await put(id, first);
  await forgetLate(id, async () => {
    await relayed(id);
    await put(id, second);
  });
  assert.equal(await left(id), { ids: [second.id], isCarrier: true });
  await relayed(id);
  assert.equal(await left(id), EMPTY);
});

test('of what was told, what another copy left is taken out, and what came since stays', async () => {
  const [id, first, second, third] = [randomUUID(), eventOf(1), eventOf(2), eventOf(3)];
  await put(id, first);
  await put(id, second);
  await forgetLate(id, async () => {
    await takeOut(id, first);
    await put(id, third);
  });
  assert.equal(await left(id), { ids: [third.id], isCarrier: true });
});

test('what another copy has taken out in part is not carried for ever', async () => {
  const [id, first, second] = [randomUUID(), eventOf(1), eventOf(2)];
  await put(id, first);
  await put(id, second);
  await forgetLate(id, () => takeOut(id, first));
  assert.equal(await left(id), EMPTY);
});

test.after(async () => {
  await connection.close();
  await bed.close();
});
test.run();
