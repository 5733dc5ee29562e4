import { randomUUID } from 'node:crypto';
import { Metadata, status } from '@grpc/grpc-js';
import { AccountAdminServiceDefinition } from '@moa/contracts/auth/v1/account_admin_service';
import { AccountServiceDefinition } from '@moa/contracts/auth/v1/account_service';
import { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import { UserServiceDefinition } from '@moa/contracts/user/v1/user_service';
import { openTestbed, reasonOf } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Call, openHost } from '../src/index.js';
import { configAs, implement, openChannel, send } from './support.js';

const bed = await openTestbed('access');
const host = await openHost('auth', await configAs(bed, 'auth'));
const calls: Call[] = [];
const answering =
  <T>(response: T) =>
  async (_: unknown, call: Call) => {
    calls.push(call);
    return response;
  };
host.serve(AuthServiceDefinition, implement(AuthServiceDefinition, { getJwks: answering({ keys: [] }) }));
host.serve(AccountAdminServiceDefinition, implement(AccountAdminServiceDefinition, { getAccount: answering({ account: undefined }) }));
host.serve(AccountServiceDefinition, implement(AccountServiceDefinition, { getEmail: answering({ email: 'someone@moa.test' }) }));
host.serve(UserServiceDefinition, implement(UserServiceDefinition, { getProfile: answering({ profile: undefined }) }));
const running = await host.listen();

const publicRpc = bed.connect(AuthServiceDefinition, running.address);
const signedInRpc = bed.connect(UserServiceDefinition, running.address);
const adminRpc = bed.connect(AccountAdminServiceDefinition, running.address);
const accountId = randomUUID();
const someone = { by: { $case: 'id' as const, value: randomUUID() } };

/** How a call ended, and whether a handler saw it. */
async function outcomeOf(call: Promise<unknown>): Promise<string> {
  const before = calls.length;
  const outcome = await call.then(
    () => 'OK',
    (error) => `${status[error.code]} ${reasonOf(error)}`,
  );
  assert.is(calls.length - before, outcome === 'OK' ? 1 : 0, outcome);
  return outcome;
}

test('a public RPC may be called without a token, and by whoever has a good one', async () => {
  assert.is(await outcomeOf(publicRpc.getJwks({})), 'OK');
  assert.is(calls.at(-1)!.person, undefined);
  assert.throws(() => calls.at(-1)!.caller, /TOKEN_MISSING/);
  assert.is(await outcomeOf(publicRpc.getJwks({}, await bed.as(accountId, 'SELLER'))), 'OK');
  assert.equal(calls.at(-1)!.caller, { accountId, roles: ['SELLER'], scopes: [], sessionId: accountId });
});

test('a bad token is refused on a public RPC, too', async () => {
  const metadata = new Metadata();
  metadata.set('authorization', 'Bearer x.y.z');
  assert.is(await outcomeOf(publicRpc.getJwks({}, metadata)), 'UNAUTHENTICATED TOKEN_REFUSED');
});

test("an RPC for the signed in takes any person's account, and nobody else", async () => {
  assert.is(await outcomeOf(signedInRpc.getProfile({})), 'UNAUTHENTICATED TOKEN_MISSING');
  assert.is(await outcomeOf(signedInRpc.getProfile({}, await bed.as(accountId, 'PARTNER'))), 'PERMISSION_DENIED CALLER_NOT_ALLOWED');
  for (const role of ['USER', 'SELLER', 'ADMIN'])
    assert.is(await outcomeOf(signedInRpc.getProfile({}, await bed.as(accountId, role))), 'OK');
});

test('an RPC for a role takes only who has it', async () => {
  assert.is(await outcomeOf(adminRpc.getAccount(someone)), 'UNAUTHENTICATED TOKEN_MISSING');
  for (const roles of [['USER'], ['USER', 'SELLER', 'COMPLIANCE'], ['ROLE_ADMIN'], ['admin'], ['USER,ADMIN']])
    assert.is(await outcomeOf(adminRpc.getAccount(someone, await bed.as(accountId, ...roles))), 'PERMISSION_DENIED CALLER_NOT_ALLOWED');
  assert.is(await outcomeOf(adminRpc.getAccount(someone, await bed.as(accountId, 'USER', 'ADMIN'))), 'OK');
});

test('an internal RPC takes the services on its list, by their certificates', async () => {
  for (const [service, expected] of [
    ['user', 'OK'],
    ['funding', 'PERMISSION_DENIED CALLER_NOT_ALLOWED'],
    ['envoy', 'PERMISSION_DENIED CALLER_NOT_ALLOWED'],
    ['stranger', 'PERMISSION_DENIED CALLER_NOT_ALLOWED'],
  ] as const) {
    const client = bed.connect(AccountServiceDefinition, running.address, { as: service });
    assert.is(await outcomeOf(client.getEmail({ accountId })), expected, service);
  }
  assert.is(calls.at(-1)!.service, 'user');
});

test('no role opens an internal RPC', async () => {
  const envoy = bed.connect(AccountServiceDefinition, running.address);
  const admin = await bed.as(accountId, 'ADMIN', 'USER', 'user');
  assert.is(await outcomeOf(envoy.getEmail({ accountId }, admin)), 'PERMISSION_DENIED CALLER_NOT_ALLOWED');
});

test('headers that claim an identity count for nothing', async () => {
  const metadata = new Metadata();
  for (const name of ['x-account-id', 'x-roles', 'x-forwarded-client-cert', 'x-jwt-payload', 'sub'])
    metadata.set(name, 'URI=spiffe://moa/user');
  assert.is(await outcomeOf(signedInRpc.getProfile({}, metadata)), 'UNAUTHENTICATED TOKEN_MISSING');
  const envoy = bed.connect(AccountServiceDefinition, running.address);
  assert.is(await outcomeOf(envoy.getEmail({ accountId }, metadata)), 'PERMISSION_DENIED CALLER_NOT_ALLOWED');
});

test('nothing is decoded for who may not call', async () => {
  const channel = openChannel(bed, running.address);
  const garbage = Buffer.alloc(100, 0xff);
  const admin = '/moa.auth.v1.AccountAdminService/GetAccount';
  assert.is(await outcomeOf(send(channel, admin, garbage).answer), 'UNAUTHENTICATED TOKEN_MISSING');
  assert.is(await outcomeOf(send(channel, admin, garbage, await bed.as(accountId)).answer), 'PERMISSION_DENIED CALLER_NOT_ALLOWED');
  assert.is(await outcomeOf(send(channel, admin, garbage, await bed.as(accountId, 'ADMIN')).answer), 'INVALID_ARGUMENT REQUEST_INVALID');
  channel.close();
});

test.after(async () => {
  await running.stop();
  await bed.close();
});
test.run();
