// A person calls user, and user calls auth: what goes along with a call, and how it ends.
import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { AccountServiceDefinition } from '@moa/contracts/auth/v1/account_service';
import { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import { UserServiceDefinition } from '@moa/contracts/user/v1/user_service';
import { openTestbed, reasonOf, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Call, openHost } from '../src/index.js';
import { configAs, errorOf, implement, openChannel, send } from './support.js';

const bed = await openTestbed('deadlines');
const never = () => new Promise<never>(() => {});

const authHost = await openHost('auth', await configAs(bed, 'auth'));
const inner: Call[] = [];
let answerInner: () => Promise<void> = async () => {};
authHost.serve(
  AccountServiceDefinition,
  implement(AccountServiceDefinition, {
    async getEmail(_, call) {
      inner.push(call);
      await answerInner();
      return { email: 'someone@moa.test' };
    },
  }),
);
let innerPublic: Call | undefined;
authHost.serve(
  AuthServiceDefinition,
  implement(AuthServiceDefinition, {
    async getJwks(_, call) {
      innerPublic = call;
      return { keys: [] };
    },
  }),
);
const auth = await authHost.listen();

const userHost = await openHost('user', await configAs(bed, 'user'));
const accounts = userHost.connect(AccountServiceDefinition, auth.address);
const keys = userHost.connect(AuthServiceDefinition, auth.address);
const outer: Call[] = [];
let between: (call: Call) => Promise<unknown> = async () => {};
userHost.serve(
  UserServiceDefinition,
  implement(UserServiceDefinition, {
    async getProfile(_, call) {
      outer.push(call);
      await between(call);
      const { email } = await accounts.getEmail({ accountId: call.caller.accountId }, call);
      return {
        profile: {
          accountId: call.caller.accountId,
          email,
          name: '',
          phone: '',
          interestCategories: [],
          addresses: [],
          etag: '',
          createTime: undefined,
        },
      };
    },
  }),
);
const running = await userHost.listen();

const GET_PROFILE = '/moa.user.v1.UserService/GetProfile';
const channel = openChannel(bed, running.address);
const me = await bed.as(randomUUID());

function plain(): void {
  inner.length = outer.length = 0;
  between = answerInner = async () => {};
}

test('trace and request id go along to the next service; an internal call takes no token with it', async () => {
  plain();
  const metadata = me.clone();
  metadata.set('traceparent', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01');
  metadata.set('x-request-id', 'request-7');
  between = (call) => keys.getJwks({}, call);
  await send(channel, GET_PROFILE, Buffer.alloc(0), metadata).answer;
  for (const call of [outer[0]!, inner[0]!, innerPublic!]) {
    assert.match(call.trace, /^00-4bf92f3577b34da6a3ce929d0e0e4736-(?!00f067aa0ba902b7)[0-9a-f]{16}-01$/);
    assert.is(call.requestId, 'request-7');
  }
  assert.is.not(outer[0]!.trace, inner[0]!.trace);
  assert.is(inner[0]!.service, 'user');
  assert.is(inner[0]!.person, undefined);
  assert.equal(innerPublic!.caller, outer[0]!.caller, 'another call is made for the person');
});

test("the contract's timeout ends a call, and the handler hears of it", async () => {
  plain();
  between = never;
  const error = await errorOf(send(channel, GET_PROFILE, Buffer.alloc(0), me).answer);
  assert.equal([error.code, reasonOf(error)], [status.DEADLINE_EXCEEDED, 'TIMEOUT']);
  assert.ok(outer[0]!.signal.aborted);
});

test("a caller's shorter deadline wins, and is passed on shortened", async () => {
  plain();
  await send(channel, GET_PROFILE, Buffer.alloc(0), me, 1_200).answer;
  assert.ok(outer[0]!.deadlineMs - Date.now() < 1_200);
  assert.ok(inner[0]!.deadlineMs < outer[0]!.deadlineMs);
});

test("a caller's longer deadline does not lengthen the contract's, here or further on", async () => {
  plain();
  const startedMs = Date.now();
  await send(channel, GET_PROFILE, Buffer.alloc(0), me, 3_600_000).answer;
  assert.ok(outer[0]!.deadlineMs <= Date.now() + 2_000, 'GetProfile may take 2 s');
  assert.ok(inner[0]!.deadlineMs <= Date.now() + 1_000, 'GetEmail may take 1 s');
  assert.ok(inner[0]!.deadlineMs > startedMs);
});

test('a call for which no time is left, or nobody waits, is not sent on', async () => {
  plain();
  const request = { accountId: randomUUID() };
  assert.is((await errorOf(accounts.getEmail(request, { deadlineMs: Date.now() + 10 }))).reason, 'TIMEOUT');
  assert.is((await errorOf(accounts.getEmail(request, { signal: AbortSignal.abort() }))).reason, 'CANCELED');
  await accounts.getEmail(request);
  assert.is(inner.length, 1);
});

test('a caller who goes away cancels what was begun, as far as it goes', async () => {
  plain();
  answerInner = never;
  const { call } = send(channel, GET_PROFILE, Buffer.alloc(0), me);
  await until(() => inner.length === 1);
  assert.not.ok(outer[0]!.signal.aborted || inner[0]!.signal.aborted);
  call.cancel();
  await until(() => outer[0]!.signal.aborted && inner[0]!.signal.aborted);
});

test('a signal that outlives its calls keeps nothing of them', async () => {
  plain();
  const warnings: Error[] = [];
  const warned = (warning: Error) => warnings.push(warning);
  process.on('warning', warned);
  const { signal } = new AbortController();
  for (let i = 0; i < 30; i++) await accounts.getEmail({ accountId: randomUUID() }, { signal });
  await new Promise(setImmediate);
  process.off('warning', warned);
  assert.equal(warnings, []);
});

test("another service's refusal arrives as it was meant", async () => {
  plain();
  const stranger = await openHost('stranger', await configAs(bed, 'stranger'));
  const error = await stranger
    .connect(AccountServiceDefinition, auth.address)
    .getEmail({ accountId: randomUUID() })
    .then(
      () => assert.unreachable('it was answered'),
      (refusal) => refusal,
    );
  assert.equal([error.reason, error.code], ['CALLER_NOT_ALLOWED', status.PERMISSION_DENIED]);
  await stranger.listen().then(({ stop }) => stop());
});

test.after(async () => {
  channel.close();
  await running.stop();
  await auth.stop();
  await bed.close();
});
test.run();
