import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { testCard } from '../src/cards.js';
import type { Charge, Checkout } from '../src/types.js';
import { clientOf, type Reply, removeFolder, startInProcess, startReceiver, temporaryFolder, until } from './support.js';

const folder = await temporaryFolder();
const receiver = await startReceiver();
const provider = await startInProcess(folder, receiver.url);
const client = clientOf(provider.url);
const test = suite('payment page');

type Shown = Checkout & { url: string; charge?: Charge; error?: { code: string } };

let orders = 0;
const orderOf = (more: object = {}) => ({
  orderId: `order-${++orders}`,
  orderName: '머그컵 <b>2개</b>',
  amountMinor: 30_000,
  currency: 'KRW',
  returnUrl: 'https://shop.example/paid?cart=7',
  lifetimeMs: 60_000,
  ...more,
});
const open = (order: object): Promise<Reply<Shown>> => client.call('POST', '/v1/checkouts', order);

function submit(url: string, form: Record<string, string>): Promise<Response> {
  return fetch(url, { method: 'POST', redirect: 'manual', body: new URLSearchParams(form) });
}
const cardForm = (cardNumber: string, more: Record<string, string> = {}) => ({
  cardNumber,
  expiryMonth: '12',
  expiryYear: '2099',
  action: 'pay',
  ...more,
});

/** What the shop is told when the buyer has paid with this card. */
async function payKey({ url }: Shown, card = testCard('PLAIN')): Promise<string> {
  const response = await submit(url, cardForm(card));
  assert.is(response.status, 303);
  return new URL(response.headers.get('location')!).searchParams.get('paymentKey')!;
}

function confirm(paymentKey: string, { orderId, amountMinor, currency }: Checkout, key = `confirm ${paymentKey}`, more: object = {}) {
  const body = { paymentKey, orderId, amountMinor, currency, ...more };
  return client.call<Charge & { error?: { code: string } }>('POST', '/v1/payments/confirm', body, { 'idempotency-key': key });
}

test('shows order and amount in Korean, or in English, in a form that needs no script', async () => {
  const { body } = await open(orderOf());
  const korean = await fetch(body.url);
  assert.is(korean.status, 200);
  assert.match(korean.headers.get('content-security-policy')!, /default-src 'none'.*form-action 'self' https:\/\/shop\.example$/);
  const page = await korean.text();
  for (const part of [
    '<html lang="ko">',
    '₩30,000',
    '머그컵 &lt;b&gt;2개&lt;/b&gt;',
    '<label for="cardNumber">',
    'autocomplete="cc-number"',
  ]) {
    assert.ok(page.includes(part), part);
  }
  assert.not.match(page, /<script/);
  const english = await (await fetch(body.url, { headers: { 'accept-language': 'en-GB,en;q=0.9' } })).text();
  assert.ok(english.includes('<html lang="en">') && english.includes('Pay ₩30,000'));
  assert.ok((await (await fetch(`${body.url}?lang=ko`, { headers: { 'accept-language': 'en' } })).text()).includes('<html lang="ko">'));
});

test('sends the buyer back with the payment key, the order and the amount, and charges nothing before the shop confirms', async () => {
  const { body: checkout } = await open(orderOf());
  const response = await submit(checkout.url, cardForm('4242 4242 4242 4242'));
  const back = new URL(response.headers.get('location')!);
  assert.is(back.origin + back.pathname, 'https://shop.example/paid');
  assert.equal(
    ['cart', 'orderId', 'amount', 'code'].map((name) => back.searchParams.get(name)),
    ['7', checkout.orderId, '30000', null],
  );
  assert.equal(
    (await client.books()).filter(({ orderId }) => orderId === checkout.orderId),
    [],
  );

  const paymentKey = back.searchParams.get('paymentKey')!;
  const { body: charge } = await confirm(paymentKey, checkout);
  assert.equal([charge.id, charge.state, charge.feeMinor], [paymentKey, 'SUCCEEDED', 720]);
  assert.equal((await confirm(paymentKey, checkout)).body, charge, 'the same key gets the same answer');
  assert.is((await confirm(paymentKey, checkout, 'another key')).body.error?.code, 'payment_ended');
  const { body: found } = await client.call<Shown>('GET', `/v1/checkouts/${checkout.orderId}`);
  assert.equal(found.charge, charge);
  assert.is((await fetch(checkout.url)).status, 410);
  await until(() => receiver.of(paymentKey).length === 1);
  assert.is(receiver.of(paymentKey)[0]!.event.type, 'payment.approved');
  // It is a charge like every other.
  assert.is((await client.cancel(charge.id, `back ${charge.id}`)).body.state, 'CANCELED');
});

test('20 confirmations at once are one charge', async () => {
  const { body: checkout } = await open(orderOf());
  const paymentKey = await payKey(checkout);
  const answers = await Promise.all(Array.from({ length: 20 }, (_, nth) => confirm(paymentKey, checkout, `key ${paymentKey} ${nth % 2}`)));
  assert.equal(new Set(answers.map(({ body }) => body.id ?? body.error?.code)), new Set([paymentKey, 'payment_ended']));
  assert.is((await client.books()).filter(({ orderId }) => orderId === checkout.orderId).length, 1);
});

test('another order, another amount and an unknown key are not confirmed', async () => {
  const [{ body: checkout }, { body: other }] = await Promise.all([open(orderOf()), open(orderOf())]);
  const paymentKey = await payKey(checkout);
  const codeOf = async (key: string, of: Checkout, more = {}) =>
    (await confirm(key, of, `wrong ${key} ${JSON.stringify(more)} ${of.orderId}`, more)).body.error?.code;
  assert.is(await codeOf(paymentKey, other), 'payment_key_mismatch');
  assert.is(await codeOf(paymentKey, checkout, { amountMinor: 1 }), 'payment_key_mismatch');
  assert.is(await codeOf('pay_nobodys', checkout), 'payment_key_mismatch');
  assert.is((await confirm(paymentKey, checkout)).body.state, 'SUCCEEDED');
});

test('a canceled page sends the buyer back with a code, and stays open', async () => {
  const { body: checkout } = await open(orderOf());
  const response = await submit(checkout.url, { action: 'cancel' });
  assert.is(response.status, 303);
  assert.is(new URL(response.headers.get('location')!).searchParams.get('code'), 'PAY_PROCESS_CANCELED');
  assert.is((await fetch(checkout.url)).status, 200);
});

test('a card that will not do is said beside its field, and its number is not shown again', async () => {
  const { body: checkout } = await open(orderOf());
  for (const [form, field, said] of [
    [cardForm('4242424242424241'), 'cardNumber', '카드 번호를 다시 확인해 주세요.'],
    [cardForm(testCard('REFUSED_AT_REGISTRATION')), 'cardNumber', '카드사가 거절했어요.'],
    [cardForm(testCard('PLAIN'), { expiryYear: '2020' }), 'expiryYear', '유효 기간이 지난 카드예요.'],
    [cardForm(testCard('PLAIN'), { expiryMonth: '' }), 'expiryMonth', '빠진 것이 없는지 확인해 주세요.'],
  ] as const) {
    const response = await submit(checkout.url, form);
    assert.is(response.status, 422);
    const page = await response.text();
    assert.ok(page.includes(said), said);
    assert.match(page, new RegExp(`id="${field}"[^>]*aria-invalid="true" aria-describedby="alert"`));
    assert.not.ok(page.includes(form.cardNumber));
  }
});

test('after a decline another card may be tried, with another key', async () => {
  const { body: checkout } = await open(orderOf());
  const declined = await confirm(await payKey(checkout, testCard('DECLINE_FIRST', 1)), checkout);
  assert.equal([declined.body.state, declined.body.declineCode], ['DECLINED', 'insufficient_funds']);
  assert.is((await confirm(declined.body.id, checkout, 'again')).body.error?.code, 'payment_ended');
  assert.is((await confirm(await payKey(checkout, testCard('DECLINE_FIRST', 1)), checkout)).body.state, 'SUCCEEDED');
});

test('a test card and a switched fault behave here as they do elsewhere', async () => {
  const { body: checkout } = await open(orderOf());
  const paymentKey = await payKey(checkout, testCard('ERROR_ONCE'));
  assert.is((await confirm(paymentKey, checkout)).status, 500);
  assert.is((await confirm(paymentKey, checkout)).body.state, 'SUCCEEDED');
  const { body: other } = await open(orderOf());
  await client.call('POST', '/v1/faults', { kind: 'DUPLICATE_WEBHOOK' });
  const otherKey = await payKey(other);
  await confirm(otherKey, other);
  await until(() => receiver.of(otherKey).length === 2);
});

test('a closed checkout approves nothing more; what was approved before is told', async () => {
  const [{ body: checkout }, { body: paid }] = await Promise.all([open(orderOf()), open(orderOf())]);
  const paymentKey = await payKey(checkout);
  const { body: charge } = await confirm(await payKey(paid), paid);
  const close = ({ orderId }: Checkout) => client.call<Shown>('POST', `/v1/checkouts/${orderId}/close`);
  assert.ok((await close(checkout)).body.closeTime);
  assert.equal((await close(checkout)).body, (await close(checkout)).body);
  assert.is((await confirm(paymentKey, checkout)).body.error?.code, 'checkout_closed');
  assert.is((await submit(checkout.url, cardForm(testCard('PLAIN')))).status, 410);
  assert.equal((await close(paid)).body.charge, charge);
  assert.is((await client.call<Shown>('POST', '/v1/checkouts/nobodys/close')).body.error?.code, 'checkout_not_found');
});

test('an order is opened once, and the page ends with its time', async () => {
  const order = orderOf({ lifetimeMs: 1 });
  const { body: checkout } = await open(order);
  assert.equal((await open(order)).body, checkout);
  assert.is((await open({ ...order, amountMinor: 1 })).body.error?.code, 'order_id_reused');
  await until(async () => (await fetch(checkout.url)).status === 410);
  assert.is((await fetch(`${provider.url}/pay/co_nobodys`)).status, 404);
  assert.is((await open(orderOf({ returnUrl: 'javascript:alert(1)' }))).body.error?.code, 'invalid_request');
});

test('what waits at the page survives a restart', async () => {
  const ownFolder = await temporaryFolder();
  const before = await startInProcess(ownFolder);
  const order = orderOf();
  const { body: checkout } = await clientOf(before.url).call<Shown>('POST', '/v1/checkouts', order);
  const paymentKey = await payKey(checkout);
  await before.stop();
  const after = await startInProcess(ownFolder);
  const body = { paymentKey, orderId: order.orderId, amountMinor: order.amountMinor, currency: order.currency };
  const { body: charge } = await clientOf(after.url).call<Charge>('POST', '/v1/payments/confirm', body, { 'idempotency-key': 'restart' });
  assert.is(charge.state, 'SUCCEEDED');
  await after.stop();
  await removeFolder(ownFolder);
});

test.after(async () => {
  await provider.stop();
  receiver.close();
  await removeFolder(folder);
});
test.run();
