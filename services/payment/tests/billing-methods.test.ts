import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { testCard } from '@moa/sandbox-provider';
import { reasonOf, violationsOf } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { card, errorOf, openStand } from './support.js';

const stand = await openStand('billing-methods');
const { bed } = stand;
const { payments } = stand.clients((await stand.start()).address);

test('a card becomes a billing method of its account, and funding is told', async () => {
  const accountId = randomUUID();
  const { billingMethod } = await payments.registerBillingMethod(card('4000000000000002'), await bed.as(accountId));
  assert.is(billingMethod?.brand, 'VISA');
  assert.is(billingMethod?.last4, '0002');
  assert.equal(await stand.eventsOf(accountId), { BillingMethodRegistered: 1 });
});

test("a card's number is nowhere in the database, nor what it could be found from", async () => {
  const cardNumber = '5555555555554444';
  await payments.registerBillingMethod(card(cardNumber), await bed.as(randomUUID()));
  const tables = await stand.rows<{ name: string }>(
    `SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname IN ('public', 'kit')`,
  );
  assert.ok(tables.length > 10);
  for (const { name } of tables) {
    const found = await stand.rows(`SELECT FROM ${name} AS t WHERE t::text LIKE '%' || $1 || '%'`, cardNumber);
    assert.is(found.length, 0, name);
  }
});

test('a repeated request gives the same billing method', async () => {
  const me = await bed.as(randomUUID());
  const request = card();
  const first = await payments.registerBillingMethod(request, me);
  const again = await payments.registerBillingMethod(request, me);
  assert.is(again.billingMethod?.id, first.billingMethod?.id);
  const other = await errorOf(payments.registerBillingMethod({ ...request, cardNumber: '4000000500000007' }, me));
  assert.is(reasonOf(other), 'REQUEST_ID_REUSED');
});

test('the same request raced 20 times is one billing method', async () => {
  const accountId = randomUUID();
  const me = await bed.as(accountId);
  const request = card();
  const answers = await Promise.allSettled(Array.from({ length: 20 }, () => payments.registerBillingMethod(request, me)));
  const reasons = new Set(answers.flatMap((answer) => (answer.status === 'rejected' ? [reasonOf(answer.reason)] : [])));
  reasons.delete('REQUEST_IN_PROGRESS');
  assert.is(reasons.size, 0);
  const { billingMethods } = await payments.listBillingMethods({ pageSize: 0, pageToken: '' }, me);
  assert.is(billingMethods.length, 1);
  assert.equal(await stand.eventsOf(accountId), { BillingMethodRegistered: 1 });
});

test('a card that cannot be used is refused, with the field at fault', async () => {
  const me = await bed.as(randomUUID());
  for (const [wrong, reason, field] of [
    [{ cardNumber: '4000000000000003' }, 'CARD_INVALID', 'card_number'],
    [{ expiryYear: 2020 }, 'CARD_EXPIRED', 'expiry_year'],
    [{ cardNumber: testCard('REFUSED_AT_REGISTRATION') }, 'CARD_REFUSED', 'card_number'],
  ] as const) {
    const error = await errorOf(payments.registerBillingMethod({ ...card(), ...wrong }, me));
    assert.is(reasonOf(error), reason);
    assert.equal(
      violationsOf(error).map((violation) => violation.field),
      [field],
    );
  }
  assert.equal((await payments.listBillingMethods({ pageSize: 0, pageToken: '' }, me)).billingMethods, []);
});

test('neither a card nor what a page gave for one, or both, is refused', async () => {
  const me = await bed.as(randomUUID());
  for (const [wrong, fields] of [
    [{ cardNumber: '', expiryMonth: 0, expiryYear: 0 }, ['card_number', 'expiry_month', 'expiry_year']],
    [{ expiryMonth: 0 }, ['expiry_month']],
    [{ authKey: 'key' }, ['auth_key']],
  ] as const) {
    const error = await errorOf(payments.registerBillingMethod({ ...card(), ...wrong }, me));
    assert.is(reasonOf(error), 'REQUEST_INVALID');
    assert.equal(
      violationsOf(error).map((violation) => violation.field),
      fields,
    );
  }
});

test("one's own are listed newest first, page by page, and nobody else's", async () => {
  const me = await bed.as(randomUUID());
  const made: string[] = [];
  for (let nth = 0; nth < 5; nth++) made.unshift((await payments.registerBillingMethod(card(), me)).billingMethod!.id);
  const listed: string[] = [];
  for (let pageToken = ''; ; ) {
    const page = await payments.listBillingMethods({ pageSize: 2, pageToken }, me);
    listed.push(...page.billingMethods.map(({ id }) => id));
    pageToken = page.nextPageToken;
    if (pageToken === '') break;
    const stranger = await errorOf(payments.listBillingMethods({ pageSize: 2, pageToken }, await bed.as(randomUUID())));
    assert.is(reasonOf(stranger), 'PAGE_TOKEN_INVALID');
  }
  assert.equal(listed, made);
});

test('is for people with a token only', async () => {
  assert.is(((await errorOf(payments.registerBillingMethod(card()))) as { code: number }).code, status.UNAUTHENTICATED);
  assert.is(
    reasonOf(await errorOf(payments.listBillingMethods({ pageSize: 0, pageToken: '' }, await bed.as(randomUUID(), 'ADMIN')))),
    'CALLER_NOT_ALLOWED',
  );
});

test('while the provider is away a card is refused for now, and the same request goes through later', async () => {
  const me = await bed.as(randomUUID());
  const request = card();
  await stand.stopProvider();
  assert.is(reasonOf(await errorOf(payments.registerBillingMethod(request, me))), 'PROVIDER_UNAVAILABLE');
  await stand.startProviderAgain();
  assert.ok((await payments.registerBillingMethod(request, me)).billingMethod);
});

test.after(stand.close);
test.run();
