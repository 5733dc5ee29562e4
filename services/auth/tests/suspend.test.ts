import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { Account_State } from '@moa/contracts/auth/v1/auth';
import { AccountReinstated, AccountSuspended } from '@moa/contracts/auth/v1/auth_events';
import { Role } from '@moa/contracts/options/v1/options';
import { openEvents, reasonOf, until, violationsOf } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ADMIN, bearer, openAuth, refusal } from './support.js';

const house = await openAuth('suspend');
const { admin, asAdmin, auth, bed, database, meetAt, signIn, signUp, staff } = house;
const events = await openEvents(bed);

async function person() {
  const email = await signUp();
  const { account, tokens } = await signIn(email);
  return { id: account.id, email, tokens, as: bearer(tokens.accessToken) };
}

const suspend = async (accountId: string, as = asAdmin(), requestId = randomUUID()) =>
  (await admin.suspendAccount({ requestId, accountId, reason: '사칭 신고' }, await as)).account!;
const reinstate = async (accountId: string) =>
  (await admin.reinstateAccount({ requestId: randomUUID(), accountId, reason: undefined }, await asAdmin())).account!;
const revokeAdmin = async (accountId: string, as = asAdmin()) =>
  admin.revokeRole({ requestId: randomUUID(), accountId, role: Role.ROLE_ADMIN }, await as);
const firstAdminId = async () => (await admin.getAccount({ by: { $case: 'email', value: ADMIN.email } }, await asAdmin())).account!.id;

test('a suspended account is out at once, in all of its sessions, and everybody hears of it', async () => {
  const heard = await events.listen(AccountSuspended);
  const { id, email, as, tokens } = await person();
  const laptop = await signIn(email);
  await auth.getMyAccount({}, as);

  assert.is((await suspend(id)).state, Account_State.STATE_SUSPENDED);
  assert.is(reasonOf(await refusal(signIn(email))), 'ACCOUNT_SUSPENDED');
  for (const { refreshToken } of [tokens, laptop.tokens]) {
    assert.is(reasonOf(await refusal(auth.refreshToken({ refreshToken }))), 'REFRESH_TOKEN_REFUSED');
  }
  for (const token of [as, bearer(laptop.tokens.accessToken)]) {
    await until(async () => reasonOf(await refusal(auth.getMyAccount({}, token))) === 'TOKEN_REFUSED');
  }
  const { account } = await admin.getAccount({ by: { $case: 'id', value: id } }, await asAdmin());
  assert.is(account!.state, Account_State.STATE_SUSPENDED);
  const { rows } = await database.query('SELECT DISTINCT end_reason FROM session WHERE account_id = $1', [id]);
  assert.equal(rows, [{ end_reason: 'SUSPENDED' }]);
  await until(() => heard.length > 0);
  assert.equal(heard, [{ accountId: id }]);
});

test('a reinstated account signs in again, and its earlier sessions stay ended', async () => {
  const heard = await events.listen(AccountReinstated);
  const { id, email, tokens } = await person();
  await suspend(id);
  assert.is((await reinstate(id)).state, Account_State.STATE_ACTIVE);
  const { tokens: next } = await signIn(email);
  await auth.getMyAccount({}, bearer(next.accessToken));
  assert.is(reasonOf(await refusal(auth.refreshToken({ refreshToken: tokens.refreshToken }))), 'REFRESH_TOKEN_REFUSED');
  await until(() => heard.length > 0);
  assert.equal(heard, [{ accountId: id }]);
});

test('what an account is already is no change, and a repeated request gives the first answer', async () => {
  const heard = await events.listen(AccountSuspended);
  const { id } = await person();
  const requestId = randomUUID();
  const first = await suspend(id, asAdmin(), requestId);
  await suspend(id);
  await reinstate(id);
  assert.equal(await suspend(id, asAdmin(), requestId), first);
  const { account } = await admin.getAccount({ by: { $case: 'id', value: id } }, await asAdmin());
  assert.is(account!.state, Account_State.STATE_ACTIVE);
  assert.is(reasonOf(await refusal(suspend((await person()).id, asAdmin(), requestId))), 'REQUEST_ID_REUSED');
  await until(async () => (await database.query('SELECT FROM kit.outbox')).rowCount === 0);
  assert.equal(heard, [{ accountId: id }]);
});

test('no session begins for an account that is being suspended at that moment', async () => {
  const { id, email } = await person();
  // The password was right and the account active: the session waits for what becomes of the account.
  const change = `UPDATE account SET state = 'SUSPENDED' WHERE id = '${id}'`;
  const outcome = await meetAt(change, 1, () => signIn(email).catch((error) => error));
  assert.is(reasonOf(outcome), 'ACCOUNT_SUSPENDED');
});

test('sign-ins that race a suspension leave no session that lives', async () => {
  const { id, email } = await person();
  await Promise.allSettled([
    ...Array.from({ length: 8 }, () => signIn(email)),
    suspend(id),
    ...Array.from({ length: 4 }, () => signIn(email)),
  ]);
  const { rowCount } = await database.query('SELECT FROM session WHERE account_id = $1 AND end_time IS NULL', [id]);
  assert.is(rowCount, 0);
});

test('an unknown account is not found, and a reason is needed', async () => {
  assert.is(reasonOf(await refusal(suspend(randomUUID()))), 'ACCOUNT_NOT_FOUND');
  assert.is(reasonOf(await refusal(reinstate(randomUUID()))), 'ACCOUNT_NOT_FOUND');
  for (const reason of ['', 'x'.repeat(501)]) {
    const error = await refusal(admin.suspendAccount({ requestId: 'x', accountId: 'y', reason }, await asAdmin()));
    assert.equal(
      violationsOf(error).map(({ field }) => field),
      ['request_id', 'account_id', 'reason'],
    );
  }
});

test('suspending is for admins only', async () => {
  const { id, as } = await person();
  const compliance = await staff(Role.ROLE_COMPLIANCE);
  for (const [metadata, code] of [
    [as, status.PERMISSION_DENIED],
    [compliance.as, status.PERMISSION_DENIED],
    [undefined, status.UNAUTHENTICATED],
  ] as const) {
    const calls: Promise<unknown>[] = [
      admin.suspendAccount({ requestId: randomUUID(), accountId: id, reason: '-' }, metadata),
      admin.reinstateAccount({ requestId: randomUUID(), accountId: id, reason: undefined }, metadata),
    ];
    for (const error of await Promise.all(calls.map(refusal))) assert.is(error.code, code);
  }
});

test('the last admin who can act stays one', async () => {
  const id = await firstAdminId();
  const calls = () => [suspend(id), revokeAdmin(id)];
  for (const error of await Promise.all(calls().map(refusal))) {
    assert.equal([error.code, reasonOf(error)], [status.FAILED_PRECONDITION, 'LAST_ADMIN']);
  }
  // A suspended admin cannot act.
  const other = await staff(Role.ROLE_ADMIN);
  await suspend(other.id);
  for (const error of await Promise.all(calls().map(refusal))) assert.is(reasonOf(error), 'LAST_ADMIN');
  await revokeAdmin(other.id);
  await auth.getMyAccount({}, await asAdmin());
});

test('an admin beside another may be suspended, and may lose the role', async () => {
  const [one, other] = [await staff(Role.ROLE_ADMIN), await staff(Role.ROLE_ADMIN)];
  assert.is((await suspend(one.id)).state, Account_State.STATE_SUSPENDED);
  assert.equal((await revokeAdmin(other.id)).account!.roles, [Role.ROLE_USER]);
  await revokeAdmin(one.id);
});

test('of two admins who take one another away at once, one stays', async () => {
  const first = await firstAdminId();
  for (const [takeOne, takeOther] of [
    [suspend, suspend],
    [revokeAdmin, revokeAdmin],
    [suspend, revokeAdmin],
  ] as const) {
    const [one, other] = [await staff(Role.ROLE_ADMIN), await staff(Role.ROLE_ADMIN)];
    await setState(first, 'SUSPENDED');
    // Both have come as far as the accounts before either goes on.
    const outcomes = await meetAt('SELECT FROM account FOR UPDATE', 2, () =>
      Promise.allSettled([takeOne(one.id, Promise.resolve(other.as)), takeOther(other.id, Promise.resolve(one.as))]),
    );
    assert.equal(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    const { rowCount } = await database.query("SELECT FROM account WHERE 'ADMIN' = ANY (roles) AND state = 'ACTIVE'");
    assert.is(rowCount, 1);
    await setState(first, 'ACTIVE');
    await database.query("UPDATE account SET roles = '{USER}' WHERE id = ANY ($1)", [[one.id, other.id]]);
  }
});

const setState = (id: string, state: string) => database.query('UPDATE account SET state = $2 WHERE id = $1', [id, state]);

test.after(async () => {
  await events.close();
  await house.close();
});
test.run();
