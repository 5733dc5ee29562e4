import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { AccountServiceDefinition } from '@moa/contracts/auth/v1/account_service';
import { RoleChanged } from '@moa/contracts/auth/v1/auth_events';
import { Role } from '@moa/contracts/options/v1/options';
import { SellerApproved } from '@moa/contracts/seller/v1/seller_events';
import { newId } from '@moa/kit';
import { openEvents, reasonOf, until } from '@moa/testkit';
import { decodeJwt } from 'jose';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ADMIN, bearer, openAuth, refusal } from './support.js';

const house = await openAuth('roles');
const { accounts, admin, address, auth, asAdmin, bed, database, signIn, signUp } = house;
const events = await openEvents(bed);

async function person() {
  const email = await signUp();
  const { account, tokens } = await signIn(email);
  return { id: account.id, email, token: bearer(tokens.accessToken) };
}

test('an admin gives a role, and the next token has it', async () => {
  const changes = await events.listen(RoleChanged);
  const { id, email } = await person();
  const { account } = await admin.grantRole({ requestId: randomUUID(), accountId: id, role: Role.ROLE_SELLER }, await asAdmin());
  assert.equal(account!.roles, [Role.ROLE_USER, Role.ROLE_SELLER]);
  assert.equal(decodeJwt((await signIn(email)).tokens.accessToken)['roles'], ['USER', 'SELLER']);
  await until(() => changes.length > 0);
  assert.equal(changes, [{ accountId: id, roles: [Role.ROLE_USER, Role.ROLE_SELLER] }]);
});

test('an admin takes a role away: tokens that name it are refused within seconds, and a refresh gives others', async () => {
  const { id, email } = await person();
  await admin.grantRole({ requestId: randomUUID(), accountId: id, role: Role.ROLE_SELLER }, await asAdmin());
  const { tokens } = await signIn(email);
  await auth.getMyAccount({}, bearer(tokens.accessToken));
  await admin.revokeRole({ requestId: randomUUID(), accountId: id, role: Role.ROLE_SELLER }, await asAdmin());
  await until(async () => reasonOf(await refusal(auth.getMyAccount({}, bearer(tokens.accessToken)))) === 'TOKEN_REFUSED');
  const refreshed = await house.auth.refreshToken({ refreshToken: tokens.refreshToken });
  assert.equal(decodeJwt(refreshed.tokens!.accessToken)['roles'], ['USER']);
  await auth.getMyAccount({}, bearer(refreshed.tokens!.accessToken));
});

test('a sign-in that overlaps the end of a role has a token without it', async () => {
  const { id, email } = await person();
  await admin.grantRole({ requestId: randomUUID(), accountId: id, role: Role.ROLE_SELLER, reason: '' }, await asAdmin());
  const changing = await database.connect();
  await changing.query('BEGIN');
  await changing.query('SELECT FROM account WHERE id = $1 FOR UPDATE', [id]);
  const signingIn = signIn(email);
  // It has read the account, and waits to begin its session.
  await until(
    async () =>
      (
        await database.query(
          "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%begin_session%' AND datname = current_database()",
        )
      ).rowCount === 1,
  );
  const call = JSON.stringify({ at: bed.now() });
  await changing.query("SELECT set_role($1, 'system', $2, 'SELLER', false, '')", [call, id]);
  await changing.query('COMMIT');
  changing.release();
  assert.equal(decodeJwt((await signingIn).tokens.accessToken)['roles'], ['USER']);
});

test('a role that is there already is no change, and no event', async () => {
  const { id } = await person();
  const token = await asAdmin();
  const changes = await events.listen(RoleChanged);
  for (let time = 0; time < 3; time++) await admin.grantRole({ requestId: randomUUID(), accountId: id, role: Role.ROLE_SELLER }, token);
  await admin.revokeRole({ requestId: randomUUID(), accountId: id, role: Role.ROLE_SELLER }, token);
  await until(() => changes.length >= 2);
  assert.is(changes.length, 2);
});

test('a repeated request gives the first answer, whatever happened since', async () => {
  const { id } = await person();
  const token = await asAdmin();
  const request = { requestId: randomUUID(), accountId: id, role: Role.ROLE_SELLER };
  const first = await admin.grantRole(request, token);
  await admin.revokeRole({ requestId: randomUUID(), accountId: id, role: Role.ROLE_SELLER }, token);
  assert.equal(await admin.grantRole(request, token), first);
  assert.is(reasonOf(await refusal(admin.grantRole({ ...request, role: Role.ROLE_ADMIN }, token))), 'REQUEST_ID_REUSED');
  const { account } = await admin.getAccount({ by: { $case: 'id', value: id } }, token);
  assert.equal(account!.roles, [Role.ROLE_USER]);
});

test('USER stays, and PARTNER is for no person', async () => {
  const { id } = await person();
  const token = await asAdmin();
  const user = await refusal(admin.revokeRole({ requestId: randomUUID(), accountId: id, role: Role.ROLE_USER }, token));
  assert.equal([user.code, reasonOf(user)], [status.FAILED_PRECONDITION, 'ROLE_STAYS']);
  const partner = await refusal(admin.grantRole({ requestId: randomUUID(), accountId: id, role: Role.ROLE_PARTNER }, token));
  assert.equal([partner.code, reasonOf(partner)], [status.INVALID_ARGUMENT, 'ROLE_NOT_FOR_PEOPLE']);
});

test('an account is found by its id and by its address, in any capitals', async () => {
  const { id, email } = await person();
  const token = await asAdmin();
  assert.is((await admin.getAccount({ by: { $case: 'id', value: id } }, token)).account!.email, email);
  assert.is((await admin.getAccount({ by: { $case: 'email', value: email.toUpperCase() } }, token)).account!.id, id);
  for (const by of [
    { $case: 'id' as const, value: randomUUID() },
    { $case: 'email' as const, value: 'nobody@moa.example' },
  ]) {
    assert.is(reasonOf(await refusal(admin.getAccount({ by }, token))), 'ACCOUNT_NOT_FOUND');
  }
  const nobody = admin.grantRole({ requestId: randomUUID(), accountId: randomUUID(), role: Role.ROLE_ADMIN }, token);
  assert.is(reasonOf(await refusal(nobody)), 'ACCOUNT_NOT_FOUND');
});

test('what staff do is for admins only', async () => {
  const { id, token } = await person();
  const calls = (metadata?: typeof token): Promise<unknown>[] => [
    admin.getAccount({ by: { $case: 'id', value: id } }, metadata),
    admin.getAccount({ by: { $case: 'email', value: ADMIN.email } }, metadata),
    admin.grantRole({ requestId: randomUUID(), accountId: id, role: Role.ROLE_ADMIN }, metadata),
    admin.revokeRole({ requestId: randomUUID(), accountId: id, role: Role.ROLE_ADMIN }, metadata),
  ];
  for (const error of await Promise.all(calls(token).map(refusal))) assert.is(error.code, status.PERMISSION_DENIED);
  for (const error of await Promise.all(calls().map(refusal))) assert.is(error.code, status.UNAUTHENTICATED);
});

test('an approved seller gets the role once, though the event comes three times', async () => {
  const changes = await events.listen(RoleChanged);
  const { id } = await person();
  const eventId = newId();
  for (let time = 0; time < 3; time++) await events.publish(SellerApproved, { sellerId: id }, { id: eventId });
  const sent = bed.now();
  const caughtUp = "SELECT FROM kit.consumed WHERE consumer = 'auth-roles' AND event_time > $1";
  await until(async () => (await database.query(caughtUp, [sent])).rowCount === 1);
  await until(() => changes.length > 0);
  await until(async () => (await database.query('SELECT FROM kit.outbox')).rowCount === 0);
  assert.equal(changes, [{ accountId: id, roles: [Role.ROLE_USER, Role.ROLE_SELLER] }]);
  const { rows } = await database.query('SELECT roles FROM account WHERE id = $1', [id]);
  assert.equal(rows, [{ roles: ['USER', 'SELLER'] }]);
  const { rowCount } = await database.query('SELECT FROM kit.inbox WHERE event_id = $1', [eventId]);
  assert.is(rowCount, 1);
});

test('the user service alone may ask for an address', async () => {
  const { id, email, token } = await person();
  assert.is((await accounts.getEmail({ accountId: id })).email, email);
  assert.is(reasonOf(await refusal(accounts.getEmail({ accountId: randomUUID() }))), 'ACCOUNT_NOT_FOUND');
  for (const stranger of ['envoy', 'funding', 'stranger']) {
    const client = bed.connect(AccountServiceDefinition, address, { as: stranger });
    assert.is((await refusal(client.getEmail({ accountId: id }, token))).code, status.PERMISSION_DENIED);
  }
});

test.after(async () => {
  await events.close();
  await house.close();
});
test.run();
