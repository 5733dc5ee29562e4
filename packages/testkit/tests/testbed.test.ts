import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import { decodeJwt } from 'jose';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openTestbed, until } from '../src/index.js';

const bed = await openTestbed('testkit');

test('tokens are made by the key that GetJwks serves over mutual TLS', async () => {
  const { AUTH_ADDRESS } = await bed.config('toy');
  const { keys } = await bed.connect(AuthServiceDefinition, AUTH_ADDRESS!, { as: 'stranger' }).getJwks({});
  assert.is(keys[0]?.alg, 'EdDSA');
  const error = await bed
    .connect(AuthServiceDefinition, AUTH_ADDRESS!, { as: null })
    .getJwks({})
    .catch((refusal) => refusal);
  assert.is(error.code, status.UNAVAILABLE);
});

test('the clock moves tokens along', async () => {
  const accountId = randomUUID();
  const before = decodeJwt(await bed.token(accountId)).exp!;
  bed.shiftClock(86_400_000);
  const after = decodeJwt(await bed.token(accountId, { roles: ['ADMIN'] })).exp!;
  assert.ok(after - before >= 86_400 && after - before < 86_500);
});

test('a database is the same for its service each time it is asked for', async () => {
  const [first, again] = await Promise.all([bed.config('toy'), bed.config('toy')]);
  assert.is(first.DATABASE_URL!.reveal(), again.DATABASE_URL!.reveal());
});

test('until gives what it waited for, and tells why it gave up', async () => {
  let tries = 0;
  assert.is(await until(() => ++tries > 2 && tries), 3);
  const error = await until(() => {
    throw new Error('not yet');
  }, 50).catch((late) => late);
  assert.is(error.cause.message, 'not yet');
});

test.after(bed.close);
test.run();
