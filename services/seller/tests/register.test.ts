import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { Seller_State } from '@moa/contracts/seller/v1/seller';
import { SellerRegistered } from '@moa/contracts/seller/v1/seller_events';
import { openEvents, reasonOf, until, violationsOf } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { newBusinessNumber, openSeller, refusal, registration } from './support.js';

const house = await openSeller('register');
const { asAdmin, bed, database, registered, sellers } = house;
const events = await openEvents(bed);

test('a registration waits for a decision, and everybody hears of it', async () => {
  const heard = await events.listen(SellerRegistered);
  const { id, seller } = await registered();
  assert.is(seller.id, id);
  assert.is(seller.state, Seller_State.STATE_PENDING);
  assert.is(seller.companyName, '모아공방');
  await until(() => heard.length > 0);
  assert.equal(heard, [{ sellerId: id }]);
});

test('a number is kept without its hyphens', async () => {
  const number = newBusinessNumber();
  const { seller } = await registered({ businessNumber: number.replace(/^(...)(..)/, '$1-$2-') });
  assert.is(seller.businessNumber, number);
});

test('the account number is shown masked, to its owner and to admins', async () => {
  const { as, id, seller } = await registered();
  const shown = { bankCode: '088', accountNumber: '********6789', holderName: '주식회사 모아공방' };
  assert.equal(seller.settlementAccount, shown);
  assert.equal((await sellers.getSeller({}, as)).seller!.settlementAccount, shown);
  const { sellers: listed } = await sellers.listSellers({ state: Seller_State.STATE_PENDING, pageSize: 100, pageToken: '' }, asAdmin);
  assert.equal(listed.find((other) => other.id === id)!.settlementAccount, shown);
});

test('the account lies in no table as it was given', async () => {
  await registered();
  for (const table of ['seller', 'kit.request', 'kit.outbox']) {
    const { rows } = await database.query<{ row: string; raw: string }>(`SELECT to_jsonb(t)::text AS row FROM ${table} t`);
    assert.not(
      rows.some(({ row }) => row.includes('110123456789') || row.includes(Buffer.from('110123456789').toString('hex'))),
      table,
    );
  }
});

test('a sealed account that is moved to another seller does not open', async () => {
  const [one, other] = [await registered(), await registered()];
  await database.query(
    'UPDATE seller SET sealed_settlement_account = (SELECT sealed_settlement_account FROM seller WHERE id = $1) WHERE id = $2',
    [one.id, other.id],
  );
  assert.is((await refusal(sellers.getSeller({}, other.as))).code, status.INTERNAL);
  await database.query('DELETE FROM seller WHERE id = $1', [other.id]);
});

test('a check digit that does not hold is told with its field', async () => {
  const error = await refusal(registered({ businessNumber: '120-81-47522' }));
  assert.equal([error.code, reasonOf(error)], [status.INVALID_ARGUMENT, 'BUSINESS_NUMBER_WRONG']);
  assert.equal(
    violationsOf(error).map(({ field }) => field),
    ['business_number'],
  );
});

test('each field at fault is told', async () => {
  const as = await bed.as(randomUUID());
  const settlementAccount = { bankCode: '1', accountNumber: '110-123', holderName: '' };
  const error = await refusal(sellers.registerSeller({ ...registration(), companyName: '', settlementAccount }, as));
  assert.equal(
    violationsOf(error).map(({ field }) => field),
    ['company_name', 'settlement_account.bank_code', 'settlement_account.account_number', 'settlement_account.holder_name'],
  );
});

test('a number that is pending or approved is taken', async () => {
  const { id, seller } = await registered();
  const pending = await refusal(registered({ businessNumber: seller.businessNumber }));
  assert.equal([pending.code, reasonOf(pending)], [status.ALREADY_EXISTS, 'BUSINESS_NUMBER_TAKEN']);
  await sellers.approveSeller({ requestId: randomUUID(), sellerId: id }, asAdmin);
  assert.is(reasonOf(await refusal(registered({ businessNumber: seller.businessNumber }))), 'BUSINESS_NUMBER_TAKEN');
});

test('a number that 20 register at once goes to one', async () => {
  const businessNumber = newBusinessNumber();
  const answers = await Promise.allSettled(Array.from({ length: 20 }, () => registered({ businessNumber })));
  const reasons = answers.flatMap((answer) => (answer.status === 'rejected' ? [reasonOf(answer.reason)] : []));
  assert.equal([reasons.length, [...new Set(reasons)]], [19, ['BUSINESS_NUMBER_TAKEN']]);
});

test('of 20 registrations of one person at once, one counts', async () => {
  const as = await bed.as(randomUUID());
  const answers = await Promise.allSettled(Array.from({ length: 20 }, () => sellers.registerSeller(registration(), as)));
  const reasons = answers.flatMap((answer) => (answer.status === 'rejected' ? [reasonOf(answer.reason)] : []));
  assert.equal([reasons.length, [...new Set(reasons)]], [19, ['ALREADY_REGISTERED']]);
});

test('the same request raced 20 times is one registration with one answer', async () => {
  const as = await bed.as(randomUUID());
  const request = registration();
  const answers = await Promise.all(Array.from({ length: 20 }, () => sellers.registerSeller(request, as)));
  for (const answer of answers) assert.equal(answer, answers[0]);
  assert.is(reasonOf(await refusal(sellers.registerSeller({ ...request, companyName: '다른 이름' }, as))), 'REQUEST_ID_REUSED');
});

test('who is registered cannot register again', async () => {
  const { as, id } = await registered();
  const again = await refusal(sellers.registerSeller(registration(), as));
  assert.equal([again.code, reasonOf(again)], [status.FAILED_PRECONDITION, 'ALREADY_REGISTERED']);
  await sellers.approveSeller({ requestId: randomUUID(), sellerId: id }, asAdmin);
  assert.is(reasonOf(await refusal(sellers.registerSeller(registration(), as))), 'ALREADY_REGISTERED');
});

test('a person sees nobody but himself', async () => {
  await registered();
  const error = await refusal(sellers.getSeller({}, await bed.as(randomUUID())));
  assert.equal([error.code, reasonOf(error)], [status.NOT_FOUND, 'SELLER_NOT_FOUND']);
});

test('registering needs an account', async () => {
  assert.is((await refusal(sellers.registerSeller(registration()))).code, status.UNAUTHENTICATED);
  assert.is((await refusal(sellers.getSeller({}))).code, status.UNAUTHENTICATED);
  const partner = await bed.as(randomUUID(), 'PARTNER');
  assert.is((await refusal(sellers.registerSeller(registration(), partner))).code, status.PERMISSION_DENIED);
});

test.after(async () => {
  await events.close();
  await house.close();
});
test.run();
