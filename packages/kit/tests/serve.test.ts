import { randomUUID } from 'node:crypto';
import { Metadata, status } from '@grpc/grpc-js';
import { AuthServiceDefinition, SignInRequest } from '@moa/contracts/auth/v1/auth_service';
import { RequestInfo } from '@moa/contracts/google/rpc/error_details';
import { Status } from '@moa/contracts/google/rpc/status';
import { UserServiceDefinition } from '@moa/contracts/user/v1/user_service';
import { openTestbed, reasonOf, retryAfterMsOf, until, violationsOf } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { failures, openHost } from '../src/index.js';
import { configAs, errorOf, gate, implement, openChannel, send } from './support.js';

const bed = await openTestbed('serve');
const fail = failures('moa.auth', {
  SIGN_IN_REFUSED: { code: status.UNAUTHENTICATED, ko: '다시 확인해 주세요.', en: 'Please check again.' },
});
const host = await openHost('auth', await configAs(bed, 'auth'));
let handled = 0;
let signIn: (request: SignInRequest) => Promise<unknown> = async () => {};
host.serve(
  AuthServiceDefinition,
  implement(AuthServiceDefinition, {
    async signIn(request) {
      handled++;
      return { tokens: undefined, account: undefined, secondFactorChallenge: '', ...((await signIn(request)) as object) };
    },
  }),
);
host.serve(UserServiceDefinition, implement(UserServiceDefinition, { updateProfile: async () => ({ profile: undefined }) }));
const running = await host.listen();
const auth = bed.connect(AuthServiceDefinition, running.address);
const user = bed.connect(UserServiceDefinition, running.address);
const SIGN_IN = '/moa.auth.v1.AuthService/SignIn';
const credentials = { email: 'someone@moa.test', password: 'correct horse', device: '' };

test('bytes that are no message are refused as invalid, and no handler sees them', async () => {
  const channel = openChannel(bed, running.address);
  const good = Buffer.from(SignInRequest.encode(credentials).finish());
  const malformed: [string, Buffer][] = [
    ['garbage', Buffer.alloc(64, 0xff)],
    ['a message that was cut off', good.subarray(0, good.length - 3)],
    ['a length past the end', Buffer.from([0x0a, 0xff, 0xff, 0x7f, 0x41])],
    ['a varint without an end', Buffer.alloc(20, 0x80)],
    ['groups without an end', Buffer.alloc(200_000, 0x0b)],
    ['the field number 0', Buffer.from([0x02, 0x01, 0x41])],
  ];
  const before = handled;
  for (const [what, bytes] of malformed) {
    const error = await errorOf(send(channel, SIGN_IN, bytes).answer);
    assert.is(error.code, status.INVALID_ARGUMENT, what);
    assert.is(reasonOf(error), 'REQUEST_INVALID', what);
  }
  assert.is(handled, before);
  await send(channel, SIGN_IN, good).answer;
  channel.close();
});

test('what the rules saw is what the handler sees, also of odd bytes', async () => {
  const channel = openChannel(bed, running.address);
  let seen = '';
  signIn = async ({ email }) => {
    seen = email;
  };
  const field = (number: number, text: Buffer) => Buffer.concat([Buffer.from([(number << 3) | 2, text.length]), text]);
  const password = field(2, Buffer.from('secret'));
  // A field twice: the last one counts, for both.
  await send(channel, SIGN_IN, Buffer.concat([field(1, Buffer.from('first')), field(1, Buffer.from('last')), password])).answer;
  assert.is(seen, 'last');
  assert.is(
    (await errorOf(send(channel, SIGN_IN, Buffer.concat([field(1, Buffer.from('a')), field(1, Buffer.alloc(0)), password])).answer)).code,
    3,
  );
  // Overlong UTF-8 of "/": refused, or replaced, but never a "/".
  seen = '';
  await send(channel, SIGN_IN, Buffer.concat([field(1, Buffer.from([0xc0, 0xaf])), password])).answer.catch(() => {});
  assert.not.ok(seen.includes('/'));
  signIn = async () => {};
  channel.close();
});

test('a message over 1 MiB is refused before it is read', async () => {
  const error = await errorOf(auth.signIn({ ...credentials, password: 'x'.repeat((1 << 20) + 1) }));
  assert.is(error.code, status.RESOURCE_EXHAUSTED);
});

test('metadata over 24 KiB is refused, and what Envoy lets through is not', async () => {
  const before = handled;
  const large = new Metadata();
  large.set('x-large', 'a'.repeat(24 << 10));
  assert.is((await errorOf(auth.signIn(credentials, large))).code, status.RESOURCE_EXHAUSTED);
  assert.is(handled, before);
  large.set('x-large', 'a'.repeat(18 << 10));
  await auth.signIn(credentials, large);
});

test('each field at fault is told, by its path in the contract', async () => {
  const profile = { name: 'n'.repeat(51), phone: '010-1234', interestCategories: ['음악', '', 'x'.repeat(41)], addresses: [] };
  const error = await errorOf(user.updateProfile({ profile, updateMask: undefined, etag: '' }, await bed.as(randomUUID())));
  assert.is(error.code, status.INVALID_ARGUMENT);
  assert.equal(
    violationsOf(error)
      .map(({ field }) => field)
      .sort(),
    ['etag', 'profile.interest_categories[1]', 'profile.interest_categories[2]', 'profile.name', 'profile.phone', 'update_mask'],
  );
  assert.ok(violationsOf(error).every(({ description }) => description !== ''));
});

test('a refusal reaches the caller with its reason', async () => {
  signIn = async () => {
    throw fail('SIGN_IN_REFUSED');
  };
  const error = await errorOf(auth.signIn(credentials));
  assert.equal([error.code, reasonOf(error)], [status.UNAUTHENTICATED, 'SIGN_IN_REFUSED']);
});

test('what nobody foresaw leaves as a bare INTERNAL', async () => {
  for (const accident of [
    new Error('connect postgres://auth:hunter2@db'),
    'hunter2',
    null,
    undefined,
    Object.assign(new Error(), { code: 5, details: 'hunter2' }),
  ]) {
    signIn = async () => {
      throw accident;
    };
    const error = await errorOf(auth.signIn(credentials));
    assert.equal([error.code, error.details, reasonOf(error)], [status.INTERNAL, 'internal error', undefined]);
    assert.not.match(JSON.stringify(error.metadata.toJSON()), 'hunter2');
  }
});

test('an answer that cannot be encoded is an accident as well', async () => {
  signIn = async () => ({ account: { createTime: 'yesterday' } });
  const error = await errorOf(auth.signIn(credentials));
  assert.equal([error.code, error.details], [status.INTERNAL, 'internal error']);
});

test("the caller's request id is in the error, and without one that of its trace", async () => {
  signIn = async () => {
    throw fail('SIGN_IN_REFUSED');
  };
  const requestIdOf = async (metadata?: Metadata) => {
    const { details } = Status.decode(
      (await errorOf(auth.signIn(credentials, metadata))).metadata.get('grpc-status-details-bin')[0] as Buffer,
    );
    return RequestInfo.decode(details.find(({ typeUrl }) => typeUrl.endsWith('RequestInfo'))!.value).requestId;
  };
  const metadata = new Metadata();
  metadata.set('x-request-id', 'request-7');
  assert.is(await requestIdOf(metadata), 'request-7');
  metadata.remove('x-request-id');
  metadata.set('traceparent', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01');
  assert.is(await requestIdOf(metadata), '4bf92f3577b34da6a3ce929d0e0e4736');
  assert.match(await requestIdOf(), /^[0-9a-f]{32}$/);
});

test('past capacity calls are shed at once, and those that were taken are answered', async () => {
  const { opened, open } = gate();
  const before = handled;
  signIn = () => opened;
  const taken = Array.from({ length: 500 }, () => auth.signIn(credentials));
  await until(() => handled - before === 500);
  const shed = await Promise.all(Array.from({ length: 50 }, () => errorOf(auth.signIn(credentials))));
  for (const error of shed) {
    assert.equal([error.code, reasonOf(error)], [status.RESOURCE_EXHAUSTED, 'OVERLOADED']);
    assert.ok(retryAfterMsOf(error)! > 0);
  }
  open();
  await Promise.all(taken);
  assert.is(handled - before, 500);
  await auth.signIn(credentials);
});

test('metrics count the calls of each RPC by code', async () => {
  const counts = async () => {
    const text = await (await fetch(`http://${running.metricsAddress}/metrics`)).text();
    const lines = text.split('\n').filter((line) => line.startsWith('moa_rpc_seconds_count') && line.includes(`"${SIGN_IN}"`));
    return Object.fromEntries(lines.map((line) => [/code="(\w+)"/.exec(line)![1]!, Number(line.split(' ').at(-1))]));
  };
  const before = await counts();
  signIn = async () => {};
  await auth.signIn(credentials);
  await errorOf(auth.signIn({ email: '', password: '', device: '' }));
  await errorOf(auth.signIn({ email: '', password: '', device: '' }));
  const after = await counts();
  assert.is(after['OK']! - before['OK']!, 1);
  assert.is(after['INVALID_ARGUMENT']! - before['INVALID_ARGUMENT']!, 2);
  assert.ok(after['INTERNAL']! > 0);
  assert.is((await fetch(`http://${running.metricsAddress}/`)).status, 404);
});

test.after(async () => {
  await running.stop();
  await bed.close();
});
test.run();
