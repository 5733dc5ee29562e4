import { randomUUID } from 'node:crypto';
import { SettlementAccountChanged } from '@moa/contracts/seller/v1/seller_events';
import { openEvents, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { waiting } from './mail-support.js';
import { openAuth } from './support.js';

const house = await openAuth('settlement-notice');
const events = await openEvents(house.bed);
const SUBJECT = 'Your settlement account was changed';
const times = { changeTime: new Date('2030-01-01T15:30:00Z'), usableFrom: new Date('2030-01-02T15:30:00Z') };

/** Everything that was published until now is handled, and every mail of it is out. */
async function caughtUp() {
  const { rows } = await house.database.query('SELECT count(*)::int AS count FROM kit.inbox');
  await events.publish(SettlementAccountChanged, { sellerId: randomUUID(), ...times });
  await until(async () => (await house.database.query('SELECT count(*)::int AS count FROM kit.inbox')).rows[0].count > rows[0].count);
  await until(async () => (await waiting(house)).length === 0);
}

test('a changed settlement account is told to its owner by mail, once for each change, however often the event comes', async () => {
  const email = await house.signUp();
  const { account } = await house.signIn(email);
  const notices = async () => (await house.mailbox.mailsSoFar(email)).filter(({ subject }) => subject.includes(SUBJECT));
  const id = randomUUID();
  for (let time = 0; time < 3; time++) await events.publish(SettlementAccountChanged, { sellerId: account.id, ...times }, { id });
  await until(async () => (await notices()).length > 0);
  await caughtUp();
  assert.is((await notices()).length, 1);
  assert.match((await notices())[0]!.text, '2030년 1월 3일');

  await events.publish(SettlementAccountChanged, { sellerId: account.id, ...times }, { version: 2 });
  await until(async () => (await notices()).length === 2);
});

test('an account that auth does not know, or that has no address, gets no mail, and holds nothing up', async () => {
  await events.publish(SettlementAccountChanged, { sellerId: randomUUID(), ...times });
  await caughtUp();
  const { rows } = await house.database.query('SELECT FROM kit.failed_event');
  assert.is(rows.length, 0);
});

test.after(async () => {
  await events.close();
  await house.close();
});
test.run();
