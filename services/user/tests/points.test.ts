import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { PointEntry_Kind as Kind } from '@moa/contracts/user/v1/points';
import { until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { DAY_MS, openPoints } from './points-support.js';
import { refusal } from './support.js';

const house = await openPoints('points');
const { bed, points, purchase, person, grant, hold, capture, release, giveBack, balanceOf, entriesOf, lotsOf, told, rows } = house;
const inDays = (days: number) => new Date(bed.now().getTime() + days * DAY_MS);

async function refused(call: Promise<unknown>, code: status, reason: string): Promise<void> {
  const error = await refusal(call);
  assert.equal([error.code, error.details], [code, reason]);
}

test('points are granted, held, spent or given back, and returned', async () => {
  const buyer = await person();
  const [spent, freed] = [randomUUID(), randomUUID()];
  const ask = (holderId: string) => ({ requestId: randomUUID(), holderId });
  await grant(buyer, 1_000n);
  await purchase.holdPoints({ ...ask(spent), accountId: buyer.id, amountMinor: 300n, expireTime: undefined });
  await purchase.holdPoints({ ...ask(freed), accountId: buyer.id, amountMinor: 200n, expireTime: undefined });
  const { balance } = await points.getPointBalance({}, await buyer.token());
  assert.equal([balance!.availableMinor, balance!.heldMinor], [500n, 500n]);
  assert.equal(await purchase.capturePoints(ask(spent)), { spentMinor: 300n });
  await purchase.releasePoints(ask(freed));
  await purchase.returnPoints({ ...ask(spent), amountMinor: 100n });
  const after = await balanceOf(buyer);
  assert.equal([after.availableMinor, after.heldMinor], [800n, 0n]);
  assert.equal(await entriesOf(buyer), ['GRANTED 1000', 'SPENT -300', 'RETURNED 100']);
});

test('who never had points has none, and everything is empty', async () => {
  const nobody = await person();
  assert.equal(await balanceOf(nobody), {
    availableMinor: 0n,
    heldMinor: 0n,
    expiringMinor: 0n,
    nextExpireTime: undefined,
    owedMinor: 0n,
  });
  assert.equal([await entriesOf(nobody), await lotsOf(nobody)], [[], []]);
});

test('what changes is told with its entry; what is only held or released is not', async () => {
  const buyer = await person();
  const { entry } = await grant(buyer, 500n);
  const holder = await hold(buyer, 200n);
  await release(await hold(buyer, 100n));
  await capture(holder);
  const mine = () => told.filter(({ accountId }) => accountId === buyer.id);
  await until(() => mine().length === 2);
  const [granted, spent] = mine();
  assert.equal(granted, {
    accountId: buyer.id,
    entryId: entry!.id,
    kind: Kind.KIND_GRANTED,
    amount: { currencyCode: 'KRW', amountMinor: 500n },
    balanceMinor: 500n,
    subjectId: '',
  });
  assert.equal([spent!.kind, spent!.amount!.amountMinor, spent!.balanceMinor, spent!.subjectId], [Kind.KIND_SPENT, -200n, 300n, holder]);
});

test('the first to expire are spent first', async () => {
  const buyer = await person();
  await grant(buyer, 100n, inDays(90));
  await grant(buyer, 100n, inDays(30));
  await grant(buyer, 100n, inDays(60));
  await capture(await hold(buyer, 150n));
  assert.equal(await lotsOf(buyer), [50n, 100n]);
  const { nextExpireTime } = await balanceOf(buyer);
  assert.ok(nextExpireTime! > inDays(59) && nextExpireTime! < inDays(61));
});

test('what expires within 30 days is counted', async () => {
  const buyer = await person();
  await grant(buyer, 70n, inDays(29));
  await grant(buyer, 30n, inDays(31));
  assert.is((await balanceOf(buyer)).expiringMinor, 70n);
});

test('more than is available is refused, with what is', async () => {
  const buyer = await person();
  await grant(buyer, 100n);
  await hold(buyer, 60n);
  const holder = randomUUID();
  const error = await refusal(hold(buyer, 41n, holder));
  assert.equal([error.code, error.details], [status.FAILED_PRECONDITION, 'POINTS_NOT_ENOUGH']);
  assert.ok((error.metadata.get('grpc-status-details-bin')[0] as Buffer).toString('latin1').includes('availableMinor'));
  // Nothing was written of it: the same holder may ask for less.
  await hold(buyer, 40n, holder);
});

test('the same hold again is the same hold; another body is refused, also once it is spent', async () => {
  const [buyer, other] = [await person(), await person()];
  await grant(buyer, 100n);
  const holder = await hold(buyer, 60n);
  await hold(buyer, 60n, holder);
  assert.is((await balanceOf(buyer)).heldMinor, 60n);
  for (const differs of [() => hold(buyer, 50n, holder), () => hold(other, 60n, holder), () => hold(buyer, 60n, holder, inDays(1))]) {
    await refused(differs(), status.FAILED_PRECONDITION, 'HOLDER_DIFFERS');
  }
  await capture(holder);
  await hold(buyer, 60n, holder);
  assert.equal(await entriesOf(buyer), ['GRANTED 100', 'SPENT -60']);
  await refused(hold(buyer, 50n, holder), status.FAILED_PRECONDITION, 'HOLDER_DIFFERS');
});

test('a holder that was released can hold no more, also when it never held', async () => {
  const buyer = await person();
  await grant(buyer, 100n);
  const [held, never] = [await hold(buyer, 60n), randomUUID()];
  for (const holder of [held, never]) {
    await release(holder);
    await release(holder);
    await refused(hold(buyer, 60n, holder), status.FAILED_PRECONDITION, 'HOLDER_RELEASED');
    assert.is(await capture(holder), 0n);
  }
  assert.is((await balanceOf(buyer)).availableMinor, 100n);
});

test('what is spent is spent once, and is not released', async () => {
  const buyer = await person();
  await grant(buyer, 100n);
  const holder = await hold(buyer, 60n);
  assert.equal([await capture(holder), await capture(holder)], [60n, 60n]);
  await release(holder);
  assert.is(await capture(randomUUID()), 0n);
  assert.equal(await entriesOf(buyer), ['GRANTED 100', 'SPENT -60']);
});

test('returns go to the lots that they came from, the last to expire first, and never exceed what was spent', async () => {
  const buyer = await person();
  await grant(buyer, 100n, inDays(10));
  await grant(buyer, 100n, inDays(20));
  const holder = await hold(buyer, 150n);
  await refused(giveBack(holder, 1n), status.FAILED_PRECONDITION, 'POINTS_RETURN_TOO_LARGE');
  await capture(holder);
  const requestId = randomUUID();
  await giveBack(holder, 60n, requestId);
  await giveBack(holder, 60n, requestId);
  await refused(giveBack(holder, 61n, requestId), status.INVALID_ARGUMENT, 'REQUEST_ID_REUSED');
  assert.equal(await lotsOf(buyer), [10n, 100n]);
  await refused(giveBack(holder, 91n), status.FAILED_PRECONDITION, 'POINTS_RETURN_TOO_LARGE');
  await giveBack(holder, 90n);
  assert.equal(await lotsOf(buyer), [100n, 100n]);
  await refused(giveBack(randomUUID(), 1n), status.FAILED_PRECONDITION, 'POINTS_RETURN_TOO_LARGE');
  assert.equal(await entriesOf(buyer), ['GRANTED 100', 'GRANTED 100', 'SPENT -150', 'RETURNED 60', 'RETURNED 90']);
});

test('staff grant points with a reason, for a year unless they say otherwise, once for each request', async () => {
  const buyer = await person();
  const staff = randomUUID();
  const request = { requestId: randomUUID(), accountId: buyer.id, amountMinor: 100n, reason: '배송 지연', expireTime: undefined };
  const [first, again] = [
    await points.grantPoints(request, await bed.as(staff, 'ADMIN')),
    await points.grantPoints(request, await bed.as(staff, 'ADMIN')),
  ];
  assert.equal(first, again);
  assert.equal([first.entry!.kind, first.entry!.amountMinor, first.entry!.balanceMinor], [Kind.KIND_GRANTED, 100n, 100n]);
  const { entries } = await points.listPointEntries({ pageSize: 0, pageToken: '' }, await buyer.token());
  assert.equal(entries, [first.entry]);
  assert.is(entries[0]!.reason, '배송 지연');
  const { lots } = await points.listPointLots({ pageSize: 0, pageToken: '' }, await buyer.token());
  assert.is(lots[0]!.expireTime!.getTime() - lots[0]!.createTime!.getTime(), 365 * DAY_MS);
  assert.equal(await rows('SELECT granter_id FROM point_entry WHERE account_id = $1', [buyer.id]), [{ granter_id: staff }]);
  await refused(grant(buyer, 1n, bed.now()), status.INVALID_ARGUMENT, 'EXPIRE_TIME_PAST');
});

test('only staff who have just signed in grant, and only services hold', async () => {
  const buyer = await person();
  const request = { requestId: randomUUID(), accountId: buyer.id, amountMinor: 1n, reason: '-', expireTime: undefined };
  await refused(points.grantPoints(request, await buyer.token()), status.PERMISSION_DENIED, 'CALLER_NOT_ALLOWED');
  const staff = await bed.as(randomUUID(), 'ADMIN');
  bed.sayAuthTime(new Date(bed.now().getTime() - 16 * 60_000));
  await refused(points.grantPoints(request, staff), status.PERMISSION_DENIED, 'FRESH_AUTH_NEEDED');
  bed.sayAuthTime(bed.now());
  const asPerson = points.holdPoints({ ...request, holderId: randomUUID() }, await buyer.token());
  await refused(asPerson, status.PERMISSION_DENIED, 'CALLER_NOT_ALLOWED');
});

test('entries and lots come in pages, of their own person only', async () => {
  const [buyer, other] = [await person(), await person()];
  for (let day = 1; day <= 5; day++) await grant(buyer, BigInt(day), inDays(day));
  const amounts: bigint[] = [];
  const left: bigint[] = [];
  for (let pageToken = '', more = true; more; more = pageToken !== '') {
    const page = await points.listPointEntries({ pageSize: 2, pageToken }, await buyer.token());
    amounts.push(...page.entries.map(({ amountMinor }) => amountMinor));
    pageToken = page.nextPageToken;
  }
  for (let pageToken = '', more = true; more; more = pageToken !== '') {
    const page = await points.listPointLots({ pageSize: 2, pageToken }, await buyer.token());
    left.push(...page.lots.map(({ leftMinor }) => leftMinor));
    pageToken = page.nextPageToken;
  }
  assert.equal(
    [amounts, left],
    [
      [5n, 4n, 3n, 2n, 1n],
      [1n, 2n, 3n, 4n, 5n],
    ],
  );
  const { nextPageToken } = await points.listPointEntries({ pageSize: 1, pageToken: '' }, await buyer.token());
  const stolen = points.listPointEntries({ pageSize: 1, pageToken: nextPageToken }, await other.token());
  await refused(stolen, status.INVALID_ARGUMENT, 'PAGE_TOKEN_INVALID');
});

test('no entry is changed or taken out, and no balance that the lots do not have is kept', async () => {
  const buyer = await person();
  await grant(buyer, 100n);
  for (const sql of [
    'UPDATE point_entry SET amount_minor = 1000 WHERE account_id = $1',
    'DELETE FROM point_entry WHERE account_id = $1',
    'UPDATE point_account SET balance_minor = 1000 WHERE account_id = $1',
    'UPDATE point_lot SET left_minor = -1 WHERE account_id = $1',
    'UPDATE point_lot SET left_minor = 101 WHERE account_id = $1',
  ]) {
    assert.match((await refusal(rows(sql, [buyer.id]))).message, /append only|add up|check constraint/, sql);
  }
});

test('after all of it the sums are the same everywhere', house.checkSums);

test.after(house.close);
test.run();
