import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { AccountAdminServiceDefinition } from '@moa/contracts/auth/v1/account_admin_service';
import { AccountServiceDefinition } from '@moa/contracts/auth/v1/account_service';
import { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import { openTestbed, reasonOf } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { askAuth } from '../src/authority.js';
import { openHost } from '../src/index.js';
import { configAs, errorOf, implement } from './support.js';

const bed = await openTestbed('fresh-auth');
const MINUTE_MS = 60_000;
// The contract of RotateSigningKey says fresh_auth_minutes: 15.
const host = await openHost('user', await configAs(bed, 'user', 'user'));
let rotated = 0;
host.serve(
  AccountAdminServiceDefinition,
  implement(AccountAdminServiceDefinition, {
    async rotateSigningKey() {
      rotated++;
      return { key: undefined };
    },
    getAccount: async () => ({ account: undefined }),
  }),
);
const running = await host.listen();
const admin = bed.connect(AccountAdminServiceDefinition, running.address);
const rotate = async () => admin.rotateSigningKey({ requestId: randomUUID() }, await bed.as(randomUUID(), 'ADMIN'));

test('an RPC that needs it takes who has just signed in, and not who did so long ago', async () => {
  bed.sayAuthTime(new Date(bed.now().getTime() - 14 * MINUTE_MS));
  await rotate();
  bed.sayAuthTime(new Date(bed.now().getTime() - 16 * MINUTE_MS));
  const error = await errorOf(rotate());
  assert.equal([error.code, reasonOf(error)], [status.PERMISSION_DENIED, 'FRESH_AUTH_NEEDED']);
  assert.is(rotated, 1);
});

test('an ended session is fresh for nothing, though its token still holds', async () => {
  bed.sayAuthTime(null);
  assert.is(reasonOf(await errorOf(rotate())), 'FRESH_AUTH_NEEDED');
  const someone = { by: { $case: 'id' as const, value: randomUUID() } };
  await admin.getAccount(someone, await bed.as(randomUUID(), 'ADMIN'));
});

test('roles and fields are looked at first', async () => {
  bed.sayAuthTime(null);
  const error = await errorOf(admin.rotateSigningKey({ requestId: 'x' }, await bed.as(randomUUID(), 'ADMIN')));
  assert.is(error.code, status.INVALID_ARGUMENT);
  assert.is(reasonOf(await errorOf(admin.rotateSigningKey({ requestId: randomUUID() }, await bed.as(randomUUID())))), 'CALLER_NOT_ALLOWED');
});

test('when auth cannot be asked, nobody passes', async () => {
  const config = await configAs(bed, 'user', 'user');
  const lonely = await openHost('user', config);
  const [keys, away] = [
    lonely.connect(AuthServiceDefinition, config.AUTH_ADDRESS!),
    lonely.connect(AccountServiceDefinition, '127.0.0.1:1'),
  ];
  lonely.verifyTokensWith({ ...askAuth(keys, away), listRevoked: async () => [] });
  lonely.serve(AccountAdminServiceDefinition, implement(AccountAdminServiceDefinition, {}));
  const { address, stop } = await lonely.listen();
  const client = bed.connect(AccountAdminServiceDefinition, address);
  const error = await errorOf(client.rotateSigningKey({ requestId: randomUUID() }, await bed.as(randomUUID(), 'ADMIN')));
  assert.equal([error.code, reasonOf(error)], [status.UNAVAILABLE, 'SERVICE_UNAVAILABLE']);
  await stop();
});

test.after(async () => {
  await running.stop();
  await bed.close();
});
test.run();
