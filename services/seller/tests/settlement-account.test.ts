import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { SettlementAccountChanged } from '@moa/contracts/seller/v1/seller_events';
import { SellerServiceDefinition } from '@moa/contracts/seller/v1/seller_service';
import { openEvents, reasonOf, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openSeller, refusal } from './support.js';

const house = await openSeller('settlement-account');
const { approved, bed, database, registered, sellers } = house;
const events = await openEvents(bed);
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const OTHER = { bankCode: '004', accountNumber: '987654321098', holderName: '주식회사 모아공방' };

type As = Awaited<ReturnType<typeof approved>>['as'];
const change = (as: As, changes: { requestId?: string; settlementAccount?: typeof OTHER } = {}) =>
  sellers.updateSettlementAccount({ requestId: randomUUID(), settlementAccount: OTHER, ...changes }, as);

test('another account is shown masked, may be paid to after a day, and the change is told without its number', async () => {
  const heard = await events.listen(SettlementAccountChanged);
  const { as, id, seller: before } = await approved();
  assert.is(before.settlementAccountUsableFrom, undefined);
  const from = bed.now().getTime();
  const { seller } = await change(as);
  assert.equal(seller!.settlementAccount, { ...OTHER, accountNumber: '********1098' });
  const usableFrom = seller!.settlementAccountUsableFrom!;
  assert.ok(usableFrom.getTime() >= from + DAY_MS && usableFrom.getTime() <= bed.now().getTime() + DAY_MS);
  assert.equal((await sellers.getSeller({}, as)).seller, seller);

  await until(() => heard.length > 0);
  assert.equal(heard, [{ sellerId: id, changeTime: new Date(usableFrom.getTime() - DAY_MS), usableFrom }]);
});

test('the new account lies in no table as it was given', async () => {
  const { as } = await approved();
  await change(as);
  for (const table of ['seller', 'kit.request', 'kit.outbox']) {
    const { rows } = await database.query<{ row: string }>(`SELECT to_jsonb(t)::text AS row FROM ${table} t`);
    const written = [OTHER.accountNumber, Buffer.from(OTHER.accountNumber).toString('hex')];
    assert.not(
      rows.some(({ row }) => written.some((number) => row.includes(number))),
      table,
    );
  }
});

test('payment learns where money goes once the seller is verified, and after a change only a day later; nobody else learns it', async () => {
  const { as, id } = await approved();
  const asPayment = bed.connect(SellerServiceDefinition, house.address, { as: 'payment' });
  const ask = () => asPayment.getSettlementAccount({ sellerId: id });
  assert.is(reasonOf(await refusal(ask())), 'SELLER_NOT_VERIFIED');
  await database.query("UPDATE seller SET verification_state = 'VERIFIED', verified = true WHERE id = $1", [id]);
  assert.is((await ask()).account!.accountNumber, '110123456789');
  await change(as);
  assert.is(reasonOf(await refusal(ask())), 'SETTLEMENT_ACCOUNT_TOO_NEW');
  await database.query(
    "UPDATE seller SET settlement_account_usable_from = settlement_account_usable_from - interval '1 day' WHERE id = $1",
    [id],
  );
  assert.equal((await ask()).account, OTHER);
  assert.is(reasonOf(await refusal(asPayment.getSettlementAccount({ sellerId: randomUUID() }))), 'SELLER_NOT_FOUND');
  assert.is(reasonOf(await refusal(sellers.getSettlementAccount({ sellerId: id }, await bed.as(id, 'SELLER')))), 'CALLER_NOT_ALLOWED');
});

test('each change makes the account wait for a day again', async () => {
  const { as } = await approved();
  const first = (await change(as)).seller!.settlementAccountUsableFrom!;
  bed.shiftClock(MINUTE_MS);
  const second = (await change(as)).seller!.settlementAccountUsableFrom!;
  assert.ok(second.getTime() >= first.getTime() + MINUTE_MS);
});

test('the same request raced 20 times is one change with one answer and one event', async () => {
  const { as, id } = await approved();
  const heard = await events.listen(SettlementAccountChanged);
  const requestId = randomUUID();
  const answers = await Promise.all(Array.from({ length: 20 }, () => change(as, { requestId })));
  for (const answer of answers) assert.equal(answer, answers[0]);
  await until(async () => (await database.query('SELECT FROM kit.outbox')).rowCount === 0);
  await until(() => heard.some(({ sellerId }) => sellerId === id));
  assert.is(heard.filter(({ sellerId }) => sellerId === id).length, 1);
  const other = { ...OTHER, accountNumber: '11112222333344' };
  assert.is(reasonOf(await refusal(change(as, { requestId, settlementAccount: other }))), 'REQUEST_ID_REUSED');
});

test('a sign-in that is older than 15 minutes is not enough, and neither is one that has ended', async () => {
  const { as } = await approved();
  bed.sayAuthTime(null);
  assert.is(reasonOf(await refusal(change(as))), 'FRESH_AUTH_NEEDED');
  bed.sayAuthTime(new Date(bed.now().getTime() - 16 * MINUTE_MS));
  const stale = await refusal(change(as));
  assert.equal([stale.code, reasonOf(stale)], [status.PERMISSION_DENIED, 'FRESH_AUTH_NEEDED']);
  bed.sayAuthTime(new Date(bed.now().getTime() - 14 * MINUTE_MS));
  await change(as);
});

test('only an approved seller changes the account', async () => {
  const { as, id } = await registered();
  assert.is((await refusal(change(as))).code, status.PERMISSION_DENIED);
  const early = await refusal(change(await bed.as(id, 'USER', 'SELLER')));
  assert.equal([early.code, reasonOf(early)], [status.FAILED_PRECONDITION, 'SELLER_NOT_APPROVED']);
  const nobody = await refusal(change(await bed.as(randomUUID(), 'USER', 'SELLER')));
  assert.equal([nobody.code, reasonOf(nobody)], [status.NOT_FOUND, 'SELLER_NOT_FOUND']);
});

test('a person changes his own account and no other', async () => {
  const [one, other] = [await approved(), await approved()];
  await change(one.as);
  assert.is((await sellers.getSeller({}, other.as)).seller!.settlementAccount!.accountNumber, '********6789');
});

test.after(async () => {
  await events.close();
  await house.close();
});
test.run();
