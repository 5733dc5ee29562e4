// People's points in the books.
import { randomUUID } from 'node:crypto';
import { LedgerAccount } from '@moa/contracts/payment/v1/payment';
import { PointEntry_Kind as Kind } from '@moa/contracts/user/v1/points';
import { PointsChanged } from '@moa/contracts/user/v1/user_events';
import { openEvents, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { lineOf, paidOrder, refundOf, share, won } from './orders.js';
import { openStand } from './support.js';

const stand = await openStand('points');
const clients = stand.clients((await stand.start()).address);
const events = await openEvents(stand.bed);

const changeOf = (kind: Kind, amountMinor: bigint): PointsChanged => ({
  accountId: randomUUID(),
  // A number, as the user service counts them.
  entryId: String(Math.floor(Math.random() * 2 ** 40)),
  kind,
  amount: { currencyCode: 'KRW', amountMinor },
  balanceMinor: 0n,
  subjectId: '',
});

const entriesOf = async ({ entryId }: PointsChanged) =>
  (
    await stand.rows<{ account: string; amount_minor: string }>(
      `SELECT account, amount_minor FROM ledger_entry e JOIN ledger_transaction t ON t.id = e.transaction_id
       WHERE t.business_key = 'points:' || $1 ORDER BY e.id`,
      entryId,
    )
  ).map(({ account, amount_minor }) => [account, Number(amount_minor)]);

const posted = (change: PointsChanged) => until(async () => ((await entriesOf(change)).length > 0 ? entriesOf(change) : undefined));

async function balanceOf(account: LedgerAccount): Promise<bigint> {
  const { balanceMinor } = await clients.ledger.getBalance(
    { account, ownerId: '', currencyCode: 'KRW' },
    await stand.bed.as(randomUUID(), 'ADMIN'),
  );
  return balanceMinor;
}

/** Every event so far was handled: one that is told of last is in the books, each key having a lane of its own. */
const handled = async (ids: readonly string[]) =>
  until(async () => (await stand.rows('SELECT FROM kit.inbox WHERE event_id = ANY($1)', ids)).length === ids.length);

test('what is earned is an expense and a debt, and what expires, or is taken back, undoes both', async () => {
  const earned = changeOf(Kind.KIND_EARNED, 300n);
  const expired = changeOf(Kind.KIND_EXPIRED, -120n);
  await events.publish(PointsChanged, earned);
  await events.publish(PointsChanged, expired);
  assert.equal(await posted(earned), [
    ['POINTS_EXPENSE', 300],
    ['POINTS_LIABILITY', -300],
  ]);
  assert.equal(await posted(expired), [
    ['POINTS_EXPENSE', -120],
    ['POINTS_LIABILITY', 120],
  ]);
});

test('the same change three times, as one event and as others, is one transaction', async () => {
  const change = changeOf(Kind.KIND_GRANTED, 5_000n);
  const id = await events.publish(PointsChanged, change);
  await events.publish(PointsChanged, change, { id });
  const ids = [id, await events.publish(PointsChanged, change), await events.publish(PointsChanged, change)];
  await handled(ids);
  assert.is((await entriesOf(change)).length, 2);
});

test('once everything has arrived, we owe what all people have', async () => {
  let people = -(await balanceOf(LedgerAccount.LEDGER_ACCOUNT_POINTS_LIABILITY));
  const expense = await balanceOf(LedgerAccount.LEDGER_ACCOUNT_POINTS_EXPENSE);
  const ids: string[] = [];
  const change = async (kind: Kind, amount: bigint) => {
    people += amount;
    ids.push(await events.publish(PointsChanged, changeOf(kind, amount)));
  };
  await change(Kind.KIND_GRANTED, 10_000n);
  await change(Kind.KIND_EARNED, 700n);
  // Spent on an order, and given back in part with it: posted by the payment, told by the user service, counted once.
  const goods = share(10_000, { pointsMinor: 4_000n });
  const order = await paidOrder(stand, clients, { amount: won(6_000), shares: [goods] });
  await change(Kind.KIND_SPENT, -4_000n);
  await clients.purchase.refundPayment(refundOf(order, lineOf(goods, 1_000, { pointsMinor: 1_500n })));
  await change(Kind.KIND_RETURNED, 1_500n);
  await change(Kind.KIND_CLAWED_BACK, -70n);
  await change(Kind.KIND_EXPIRED, -100n);
  await change(Kind.KIND_FORFEITED, -8_030n);
  await handled(ids);
  assert.is(await balanceOf(LedgerAccount.LEDGER_ACCOUNT_POINTS_LIABILITY), -people);
  assert.is((await balanceOf(LedgerAccount.LEDGER_ACCOUNT_POINTS_EXPENSE)) - expense, 10_000n + 700n - 70n - 100n - 8_030n);
  await stand.checkBooks();
});

test('a kind that the books do not know is not passed over', async () => {
  const id = await events.publish(PointsChanged, changeOf(99 as Kind, 100n));
  await until(async () => (await stand.rows('SELECT FROM kit.failed_event WHERE event_id = $1', id)).length > 0);
});

test.after(async () => {
  await events.close();
  await stand.close();
});
test.run();
