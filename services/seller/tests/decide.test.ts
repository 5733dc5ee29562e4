import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { Seller_State } from '@moa/contracts/seller/v1/seller';
import { SellerApproved, SellerRejected } from '@moa/contracts/seller/v1/seller_events';
import { makePageToken } from '@moa/kit';
import { openEvents, reasonOf, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bearer, openSeller, refusal, registration } from './support.js';

const house = await openSeller('decide');
const { asAdmin, bed, database, registered, sellers } = house;
const events = await openEvents(bed);

const approve = (sellerId: string, requestId = randomUUID()) => sellers.approveSeller({ requestId, sellerId }, asAdmin);
const reject = (sellerId: string, reason = '서류가 모자랍니다.') =>
  sellers.rejectSeller({ requestId: randomUUID(), sellerId, reason }, asAdmin);

test('an admin approves, and everybody hears of it', async () => {
  const heard = await events.listen(SellerApproved);
  const { as, id } = await registered();
  assert.is((await approve(id)).seller!.state, Seller_State.STATE_APPROVED);
  assert.is((await sellers.getSeller({}, as)).seller!.state, Seller_State.STATE_APPROVED);
  await until(() => heard.length > 0);
  assert.equal(heard, [{ sellerId: id }]);
});

test('what is decided stays decided, but a repeated request gets its answer again', async () => {
  const { id } = await registered();
  const requestId = randomUUID();
  const first = await approve(id, requestId);
  assert.equal(await approve(id, requestId), first);
  for (const error of await Promise.all([approve(id), reject(id)].map(refusal))) {
    assert.equal([error.code, reasonOf(error)], [status.FAILED_PRECONDITION, 'ALREADY_DECIDED']);
  }
});

test('of ten decisions at once one counts', async () => {
  const heard = [await events.listen(SellerApproved), await events.listen(SellerRejected)];
  const { id } = await registered();
  const answers = await Promise.allSettled(Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? approve(id) : reject(id))));
  assert.is(answers.filter((answer) => answer.status === 'fulfilled').length, 1);
  await until(async () => (await database.query('SELECT FROM kit.outbox')).rowCount === 0);
  await until(() => heard.flat().length > 0);
  assert.is(heard.flat().length, 1);
});

test('a rejection says why, and leaves the way open for another registration', async () => {
  const heard = await events.listen(SellerRejected);
  const { as, id, seller } = await registered();
  const rejected = (await reject(id, '통장 사본이 없습니다.')).seller!;
  assert.equal([rejected.state, rejected.rejectionReason], [Seller_State.STATE_REJECTED, '통장 사본이 없습니다.']);
  await until(() => heard.length > 0);
  assert.equal(heard, [{ sellerId: id }]);

  const again = await sellers.registerSeller({ ...registration(), businessNumber: seller.businessNumber, companyName: '새 이름' }, as);
  assert.equal(
    [again.seller!.state, again.seller!.rejectionReason, again.seller!.companyName],
    [Seller_State.STATE_PENDING, '', '새 이름'],
  );
  assert.is((await approve(id)).seller!.state, Seller_State.STATE_APPROVED);
  const { rows } = await database.query('SELECT version FROM seller WHERE id = $1', [id]);
  assert.equal(rows, [{ version: '4' }]);
});

test('the number of a rejected registration is free for another', async () => {
  const { as, id, seller } = await registered();
  await reject(id);
  const other = await registered({ businessNumber: seller.businessNumber });
  assert.is(other.seller.businessNumber, seller.businessNumber);
  const late = sellers.registerSeller({ ...registration(), businessNumber: seller.businessNumber }, as);
  assert.is(reasonOf(await refusal(late)), 'BUSINESS_NUMBER_TAKEN');
});

test('an unknown seller is not found', async () => {
  const errors = await Promise.all([approve(randomUUID()), reject(randomUUID())].map(refusal));
  for (const error of errors) assert.is(reasonOf(error), 'SELLER_NOT_FOUND');
});

test('deciding and listing is for admins only, not for the person concerned either', async () => {
  const { as, id } = await registered();
  const asSeller = await bed.as(id, 'USER', 'SELLER');
  for (const [metadata, code] of [
    [as, status.PERMISSION_DENIED],
    [asSeller, status.PERMISSION_DENIED],
    [undefined, status.UNAUTHENTICATED],
  ] as const) {
    const calls: Promise<unknown>[] = [
      sellers.approveSeller({ requestId: randomUUID(), sellerId: id }, metadata),
      sellers.rejectSeller({ requestId: randomUUID(), sellerId: id, reason: '-' }, metadata),
      sellers.listSellers({ state: Seller_State.STATE_UNSPECIFIED, pageSize: 0, pageToken: '' }, metadata),
    ];
    for (const error of await Promise.all(calls.map(refusal))) assert.is(error.code, code);
  }
});

test('what waits for a decision is listed oldest first, page by page, each once', async () => {
  await database.query('DELETE FROM seller');
  const ids: string[] = [];
  for (let count = 0; count < 7; count++) ids.push((await registered()).id);
  await approve(ids[3]!);
  const pending = ids.filter((id) => id !== ids[3]);

  const listed: string[] = [];
  let pageToken = '';
  do {
    const page = await sellers.listSellers({ state: Seller_State.STATE_PENDING, pageSize: 4, pageToken }, asAdmin);
    listed.push(...page.sellers.map(({ id }) => id));
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  assert.equal(listed, pending);

  const all = await sellers.listSellers({ state: Seller_State.STATE_UNSPECIFIED, pageSize: 0, pageToken: '' }, asAdmin);
  assert.equal(
    all.sellers.map(({ id }) => id),
    ids,
  );
});

test('a partner with the scope sees who may sell, without their accounts, and nobody else', async () => {
  const [approved, pending] = [await registered(), await registered()];
  await approve(approved.id);
  const token = async (scope: string) => bearer(await bed.token(randomUUID(), { roles: ['PARTNER'], scope }));
  const list = async (state: Seller_State, scope = 'ledger:read sellers:read') =>
    sellers.listSellers({ state, pageSize: 100, pageToken: '' }, await token(scope));

  for (const state of [Seller_State.STATE_UNSPECIFIED, Seller_State.STATE_APPROVED]) {
    const { sellers: listed } = await list(state);
    const seller = listed.find(({ id }) => id === approved.id)!;
    assert.equal([seller.companyName, seller.settlementAccount], ['모아공방', undefined]);
    assert.not(listed.some(({ id }) => id === pending.id));
  }
  const refused = [
    list(Seller_State.STATE_PENDING),
    list(Seller_State.STATE_REJECTED),
    list(Seller_State.STATE_APPROVED, 'ledger:read'),
    list(Seller_State.STATE_APPROVED, ''),
  ];
  for (const error of await Promise.all(refused.map(refusal))) assert.is(reasonOf(error), 'CALLER_NOT_ALLOWED');
});

test('a page token of another list, or a made-up one, is refused', async () => {
  const state = Seller_State.STATE_PENDING;
  const { nextPageToken } = await sellers.listSellers({ state, pageSize: 1, pageToken: '' }, asAdmin);
  const calls = [
    sellers.listSellers({ state: Seller_State.STATE_APPROVED, pageSize: 1, pageToken: nextPageToken }, asAdmin),
    sellers.listSellers({ state, pageSize: 1, pageToken: 'x' }, asAdmin),
    sellers.listSellers({ state, pageSize: 1, pageToken: makePageToken(['never', 'nobody'], [state]) }, asAdmin),
  ];
  for (const error of await Promise.all(calls.map(refusal))) assert.is(reasonOf(error), 'PAGE_TOKEN_INVALID');
});

test.after(async () => {
  await events.close();
  await house.close();
});
test.run();
