import { randomBytes } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { Failure } from '@moa/kit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openKeys } from '../src/http/keys.js';
import { openGateway } from './support.js';

const gateway = await openGateway();
test.after(() => gateway.close());

test.after.each(() => {
  gateway.told.failWith = undefined;
});

test('the keys are those that auth publishes, and may be kept for a minute', async () => {
  const { status: code, headers, body } = await gateway.http('GET', '/.well-known/jwks.json');
  assert.is(code, 200);
  assert.is(headers['content-type'], 'application/json');
  assert.is(headers['cache-control'], 'public, max-age=60');
  const { keys } = JSON.parse(body);
  assert.is(keys.length, 1);
  assert.equal([keys[0].kty, keys[0].crv, keys[0].alg, keys[0].use], ['OKP', 'Ed25519', 'EdDSA', 'sig']);
  assert.is(keys[0].d, undefined);
});

test('who has the keys already is told so', async () => {
  const { headers } = await gateway.http('GET', '/.well-known/jwks.json');
  const again = await gateway.http('GET', '/.well-known/jwks.json', { headers: { 'if-none-match': headers['etag'] } });
  assert.equal([again.status, again.body], [304, '']);
});

const key = (kid: string) => ({ kid, kty: 'OKP', crv: 'Ed25519', x: 'x', alg: 'EdDSA' });

test('auth is asked once a minute, and once for all who ask at the same time', async () => {
  let asked = 0;
  let nowMs = 0;
  const keys = openKeys({ getJwks: async () => ({ keys: [key(`key ${++asked}`)] }) }, () => nowMs);
  await Promise.all(Array.from({ length: 50 }, keys));
  assert.is(asked, 1);
  nowMs = 59_000;
  await keys();
  assert.is(asked, 1);
  nowMs = 61_000;
  assert.match((await keys()).body, /key 2/);
});

test('while auth is away the last keys stand, and before there are any nobody is told wrong ones', async () => {
  let away = true;
  let nowMs = 0;
  const getJwks = async () => {
    if (away) throw new Error('away');
    return { keys: [key('k')] };
  };
  const keys = openKeys({ getJwks }, () => nowMs);
  await keys().then(
    () => assert.unreachable(),
    () => {},
  );
  away = false;
  const { body } = await keys();
  away = true;
  nowMs = 3_600_000;
  assert.is((await keys()).body, body);
});

test('a webhook reaches payment byte for byte, with the headers of its provider', async () => {
  const body = Buffer.concat([Buffer.from('{"a": 1}\r\n'), randomBytes(1_000)]);
  const headers = {
    'Provider-Signature': 'abc',
    'provider-timestamp': '1',
    cookie: 'secret',
    authorization: 'Bearer x',
    'content-type': 'application/json',
  };
  const answer = await gateway.http('POST', '/webhooks/sandbox', { body, headers });
  assert.is(answer.status, 200);
  const { request, call } = gateway.webhooks.at(-1)!;
  assert.equal(Buffer.from(request.body), body);
  assert.equal(request.headers, { 'provider-signature': 'abc', 'provider-timestamp': '1', 'content-type': 'application/json' });
  assert.is(call.service, 'gateway');
});

test('a webhook of Toss Payments comes with its headers, too', async () => {
  const headers = {
    'Tosspayments-Webhook-Transmission-Id': 'a',
    'tosspayments-webhook-transmission-retried-count': '0',
    'provider-timestamp': '1',
  };
  assert.is((await gateway.http('POST', '/webhooks/toss', { body: '{}', headers })).status, 200);
  assert.equal(gateway.webhooks.at(-1)!.request.headers, {
    'tosspayments-webhook-transmission-id': 'a',
    'tosspayments-webhook-transmission-retried-count': '0',
  });
});

test('the trace of a webhook goes along', async () => {
  const trace = '0af7651916cd43dd8448eb211c80319c';
  await gateway.http('POST', '/webhooks/sandbox', { body: '{}', headers: { traceparent: `00-${trace}-b7ad6b7169203331-01` } });
  assert.match(gateway.webhooks.at(-1)!.call.trace, new RegExp(trace));
});

test('a webhook that payment refuses is a bad request, and one that it could not take may come again', async () => {
  gateway.told.failWith = new Failure('moa.payment', 'SIGNATURE_WRONG', status.UNAUTHENTICATED);
  assert.is((await gateway.http('POST', '/webhooks/sandbox', { body: '{}' })).status, 400);
  for (const failWith of [new Failure('moa.payment', 'PROVIDER_UNAVAILABLE', status.UNAVAILABLE), new Error('unforeseen')]) {
    gateway.told.failWith = failWith;
    assert.is((await gateway.http('POST', '/webhooks/sandbox', { body: '{}' })).status, 503);
  }
});

test('a webhook of more than 64 KiB, of nothing, or with a header twice does not reach payment', async () => {
  const before = gateway.webhooks.length;
  assert.is((await gateway.http('POST', '/webhooks/sandbox', { body: Buffer.alloc((64 << 10) + 1) })).status, 413);
  assert.is((await gateway.http('POST', '/webhooks/sandbox', { body: '' })).status, 400);
  assert.is((await gateway.http('POST', '/webhooks/sandbox', { body: '{}', headers: { 'provider-signature': ['a', 'b'] } })).status, 400);
  const many = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`provider-${index}`, 'x']));
  assert.is((await gateway.http('POST', '/webhooks/sandbox', { body: '{}', headers: many })).status, 400);
  assert.is(gateway.webhooks.length, before);
  assert.is((await gateway.http('POST', '/webhooks/sandbox', { body: Buffer.alloc(64 << 10, 'a') })).status, 200);
});

test('nothing else is there', async () => {
  for (const [method, path] of [
    ['GET', '/webhooks/sandbox'],
    ['POST', '/webhooks/other'],
    ['POST', '/'],
    ['GET', '/../etc/passwd'],
    ['GET', '/constructor'],
    ['GET', '/__proto__'],
  ] as const)
    assert.is((await gateway.http(method, path)).status, 404, `${method} ${path}`);
});

test('the front page says what this is', async () => {
  const { status: code, headers, body } = await gateway.http('GET', '/');
  assert.is(code, 200);
  assert.match(String(headers['content-type']), /^text\/plain/);
  assert.match(body, /Moa.*gRPC/s);
});

test('only Envoy is served: not another service, nor anybody without a certificate of the house', async () => {
  for (const as of ['funding', 'stranger']) assert.is((await gateway.http('GET', '/.well-known/jwks.json', { as })).status, 403, as);
  await gateway.http('GET', '/', { as: null }).then(
    () => assert.unreachable(),
    (error) => assert.ok(error instanceof Error),
  );
});

test('when payment is away a webhook may come again', async () => {
  await gateway.stopPayment();
  assert.is((await gateway.http('POST', '/webhooks/sandbox', { body: '{}' })).status, 503);
});

test.run();
