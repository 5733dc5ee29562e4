// What somebody with bad intentions sends, at Envoy and straight at the services: forged tokens, odd headers and paths, bytes that are no
// message, many refreshes at once. One line of the tables is one test.
import { randomUUID } from 'node:crypto';
import { AuthServiceDefinition, SignUpRequest } from '@moa/contracts/auth/v1/auth_service';
import { type MethodDefinition, pathOf } from '@moa/contracts/method';
import { ProviderWebhookServiceDefinition, ReceiveWebhookRequest } from '@moa/contracts/payment/v1/payment_service';
import { withClient } from '@moa/stack';
import { framed } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openDoors } from '../doors.js';
import { forgeTokens } from '../forged-tokens.js';
import { PASSWORD, theHouse } from '../house.js';
import { malformedMessages } from '../malformed-messages.js';
import { oddHeaders, oddPaths, twoTokens } from '../odd-requests.js';
import { takeSigningKey } from '../signing-key.js';
import { openTally, type Try } from '../tally.js';

const REFUSED = 'UNAUTHENTICATED TOKEN_REFUSED';
const PUBLIC = '/moa.auth.v1.AuthService/GetJwks';
const SIGNED_IN = '/moa.user.v1.UserService/GetMyPage';
const FOR_ADMINS = '/moa.seller.v1.SellerService/ListSellers';
// A network has as many wrong guesses at one account before it has to wait.
const FREE_GUESSES = 10;

const house = await theHouse();
const doors = openDoors(house.stack);
const tally = openTally();
const [somebody, other] = await Promise.all([house.person(), house.person()]);
const facts = { token: somebody.tokens!.accessToken, other: other.tokens!.accessToken };

const authPath = (method: MethodDefinition) => pathOf(AuthServiceDefinition, method);
const { signUp, signIn } = AuthServiceDefinition.methods;

/** The service that a path is of, however it is spelled. */
const domainOf = (path: string) => /moa\.(\w+)\./i.exec(path.split('?')[0]!.split('..').at(-1)!)?.[1]?.toLowerCase() ?? 'user';

const { right, forged } = forgeTokens(await takeSigningKey(house.stack), somebody.tokens!, house.stack.now());

test('a token that is right in all gets in, so the others are refused for what is wrong with them', async () => {
  for (const path of [PUBLIC, SIGNED_IN, FOR_ADMINS]) {
    assert.is(await doors.grpc(path, { token: right }), 'OK', path);
    assert.is(await doors.straight(domainOf(path), path, { token: right }), 'OK', path);
  }
});

for (const [kind, token] of Object.entries(forged)) {
  test(`a token ${kind} is refused, by RPCs for anybody, too`, () =>
    tally.refuse(
      [PUBLIC, SIGNED_IN, FOR_ADMINS].flatMap((path): Try[] => [
        { what: path, door: 'Envoy', send: () => doors.grpc(path, { token }), expected: REFUSED },
        { what: `${path} by gRPC-Web`, door: 'Envoy', send: () => doors.web(path, { token }), expected: REFUSED },
        { what: path, door: 'service', send: () => doors.straight(domainOf(path), path, { token }), expected: REFUSED },
      ]),
    ));
}

for (const { what, path, options = {}, atEnvoy, atService } of [...oddHeaders(facts), ...oddPaths(facts)]) {
  test(`${what} gets nobody in`, () =>
    tally.refuse([
      { what, door: 'Envoy', send: () => doors.grpc(path, options), expected: atEnvoy },
      { what: `${what} by gRPC-Web`, door: 'Envoy', send: () => doors.web(path, options), expected: atEnvoy },
      ...(atService === undefined
        ? []
        : [{ what, door: 'service' as const, send: () => doors.straight(domainOf(path), path, options), expected: atService }]),
    ]));
}

test('two authorization headers get nobody in', () => {
  const { what, path, options = {}, atEnvoy } = twoTokens(facts);
  return tally.refuse([{ what, door: 'Envoy', send: () => doors.web(path, options), expected: atEnvoy }]);
});

test('an address that the caller claims makes no second caller: guesses at a password are slowed down all the same', async () => {
  const body = framed(signIn.requestType.encode({ email: `${randomUUID()}@moa.example`, password: 'a guess', device: '' }).finish());
  const claims = (address: string) => ({ body, headers: { 'x-envoy-external-address': address, 'x-forwarded-for': address } });
  const atEnvoy = (address: string) => doors.grpc(authPath(signIn), claims(address));
  const straight = (address: string) => doors.straight('auth', authPath(signIn), { as: 'funding', ...claims(address) });
  const expected = 'RESOURCE_EXHAUSTED SIGN_IN_THROTTLED';
  // At once: the first delay is a second.
  for (const [door, send] of [
    ['Envoy', atEnvoy],
    ['service', straight],
  ] as const) {
    for (let guess = 1; guess <= FREE_GUESSES + 1; guess++) await send(`198.51.100.${guess}`);
    await tally.refuse([{ what: 'one more address', door, send: () => send('198.51.100.200'), expected }]);
  }
});

const honest = SignUpRequest.encode({ requestId: randomUUID(), email: `${randomUUID()}@moa.example`, password: PASSWORD }).finish();
for (const { what, options, atEnvoy, atService } of malformedMessages(honest)) {
  test(`${what}: no handler sees it`, () =>
    tally.refuse([
      { what, door: 'Envoy', send: () => doors.grpc(authPath(signUp), options), expected: atEnvoy },
      { what, door: 'service', send: () => doors.straight('auth', authPath(signUp), options), expected: atService },
    ]));
}

test('map keys like __proto__ are keys like any other', async () => {
  const path = pathOf(ProviderWebhookServiceDefinition, ProviderWebhookServiceDefinition.methods.receiveWebhook);
  const field = (number: number, bytes: Uint8Array) => Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
  const entry = (key: string, value: string) => field(2, Buffer.concat([field(1, Buffer.from(key)), field(2, Buffer.from(value))]));
  const plain = field(1, Buffer.from('{}'));
  const send = (message: Uint8Array) => doors.straight('payment', path, { as: 'gateway', body: framed(message) });
  const expected = await send(plain);
  assert.is.not(expected, 'OK');
  const polluting = Buffer.concat([plain, ...['__proto__', 'constructor', 'prototype', 'toString'].map((key) => entry(key, 'polluted'))]);
  await tally.refuse([{ what: 'a webhook', door: 'service', send: () => send(polluting), expected }]);
  assert.is(Object.getPrototypeOf(ReceiveWebhookRequest.decode(polluting).headers), Object.prototype);
});

test('reflection tells nobody of an INTERNAL service', async () => {
  const symbol = Buffer.from('moa.auth.v1.AccountService');
  const question = Buffer.concat([Buffer.from([(4 << 3) | 2, symbol.length]), symbol]);
  for (const version of ['v1', 'v1alpha']) {
    const { body } = await doors.answer(`/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`, { body: framed(question) });
    assert.ok(body.length > 0);
    assert.not.ok(body.includes('ListRevokedSessions'));
  }
});

test('50 refreshes at once, at both doors, give one family with one successor', async () => {
  const { refreshToken, accessToken } = (await house.person()).tokens!;
  const { refreshToken: refresh } = AuthServiceDefinition.methods;
  const body = framed(refresh.requestType.encode({ refreshToken }).finish());
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      index % 2 ? doors.answer(authPath(refresh), { body }) : doors.answerStraight('auth', authPath(refresh), { body }),
    ),
  );
  const successors = answers.map(({ body: bytes }) => refresh.responseType.decode(bytes.subarray(5)).tokens!.refreshToken);
  assert.is(new Set(successors).size, 1);
  const { sid } = JSON.parse(Buffer.from(accessToken.split('.')[1]!, 'base64url').toString());
  const { rows } = await withClient(house.stack.databaseUrls['auth']!, (client) =>
    client.query('SELECT generation, end_time FROM session WHERE account_id = (SELECT account_id FROM session WHERE id = $1)', [sid]),
  );
  assert.equal(rows, [{ generation: 1, end_time: null }]);
});

tally.declareLastTest();
test.after(() => doors.close());
test.run();
