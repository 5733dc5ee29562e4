import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { Account_State } from '@moa/contracts/auth/v1/auth';
import { AccountCreated } from '@moa/contracts/auth/v1/auth_events';
import { Role } from '@moa/contracts/options/v1/options';
import { openEvents, reasonOf, until, violationsOf } from '@moa/testkit';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openAuth, PASSWORD, refusal } from './support.js';

const house = await openAuth('sign-in');
const { auth, bed, database, signIn, signUp } = house;
const events = await openEvents(bed);

test('who has signed up can sign in, and is a USER', async () => {
  const created = await events.listen(AccountCreated);
  const { account, tokens } = await signIn(await signUp());
  assert.equal(account.roles, [Role.ROLE_USER]);
  assert.is(account.state, Account_State.STATE_ACTIVE);
  assert.ok(tokens.refreshToken.length > 0);
  await until(() => created.some(({ accountId }) => accountId === account.id));
});

test('an access token says who, in which session, for whom and until when', async () => {
  const { account, tokens } = await signIn(await signUp());
  const { alg, typ, kid } = decodeProtectedHeader(tokens.accessToken);
  assert.equal([alg, typ, typeof kid], ['EdDSA', 'at+jwt', 'string']);
  const { iss, aud, sub, sid, sv, roles, iat, exp } = decodeJwt(tokens.accessToken);
  assert.equal({ iss, aud, sub, sv, roles }, { iss: 'https://moa.test', aud: 'moa', sub: account.id, sv: 1, roles: ['USER'] });
  assert.ok(sid);
  assert.is(exp! - iat!, 600);
});

test('an address is the same in capitals', async () => {
  const email = await signUp(`Kim.${randomUUID()}@Moa.Example`);
  const { account } = await signIn(email.toUpperCase());
  assert.is(account.email, email);
});

test('a password is the same in whole and in decomposed syllables', async () => {
  const email = await signUp();
  await signIn(email, PASSWORD.normalize('NFD'));
});

test('a second sign-up with an address answers alike and changes nothing', async () => {
  const email = await signUp();
  const { account } = await signIn(email);
  assert.equal(await auth.signUp({ requestId: randomUUID(), email: email.toUpperCase(), password: 'another password' }), {});
  assert.is((await signIn(email)).account.id, account.id);
  assert.is(reasonOf(await refusal(signIn(email, 'another password'))), 'SIGN_IN_REFUSED');
  const { rows } = await database.query('SELECT FROM account WHERE email_key = lower($1)', [email]);
  assert.is(rows.length, 1);
});

test('one address signed up 20 times at once is one account', async () => {
  const email = `${randomUUID()}@moa.example`;
  await Promise.all(Array.from({ length: 20 }, () => signUp(email)));
  await signIn(email);
});

test('an unknown address and a wrong password are refused alike', async () => {
  const known = await signUp();
  const wrong = await refusal(signIn(known, 'not the password'));
  const unknown = await refusal(signIn(`${randomUUID()}@moa.example`, 'not the password'));
  assert.equal([wrong.code, wrong.details, reasonOf(wrong)], [status.UNAUTHENTICATED, 'SIGN_IN_REFUSED', 'SIGN_IN_REFUSED']);
  assert.equal([unknown.code, unknown.details, reasonOf(unknown)], [wrong.code, wrong.details, reasonOf(wrong)]);
});

test('an unknown address costs as much work as a wrong password', async () => {
  const known = await signUp();
  const hashesFor = async (email: string) => {
    const before = await passwordsHashed();
    await refusal(signIn(email, 'not the password'));
    return (await passwordsHashed()) - before;
  };
  assert.is(await hashesFor(known), 1);
  assert.is(await hashesFor(`${randomUUID()}@moa.example`), 1);
});

test('each field at fault is told', async () => {
  const error = await refusal(auth.signUp({ requestId: 'x', email: 'nowhere', password: 'short' }));
  assert.is(error.code, status.INVALID_ARGUMENT);
  assert.equal(
    violationsOf(error).map(({ field }) => field),
    ['request_id', 'email', 'password'],
  );
});

test('a suspended account is told so by the right password only', async () => {
  const email = await signUp();
  await database.query("UPDATE account SET state = 'SUSPENDED' WHERE email_key = $1", [email]);
  assert.is(reasonOf(await refusal(signIn(email, 'not the password'))), 'SIGN_IN_REFUSED');
  assert.is(reasonOf(await refusal(signIn(email))), 'ACCOUNT_SUSPENDED');
});

test('the first admin is there from the start, and stays who he is', async () => {
  const as = await house.asAdmin();
  const { account, hasSecondFactor } = await auth.getMyAccount({}, as);
  assert.equal(account!.roles, [Role.ROLE_USER, Role.ROLE_ADMIN]);
  assert.ok(account!.emailVerified && hasSecondFactor);
  await house.start({
    FIRST_ADMIN_PASSWORD: 'another password for the admin',
    FIRST_ADMIN_TOTP_SECRET: 'KRUGKIDROVUWG2ZAMJZG653OEBTG66BA',
  });
  bed.shiftClock(10 * 60_000);
  assert.is((await auth.getMyAccount({}, await house.asAdmin())).account!.id, account!.id);
});

test('who signed up with the address of the first admin before is no admin', async () => {
  const email = await signUp();
  await house.start({ FIRST_ADMIN_EMAIL: email });
  assert.equal((await signIn(email)).account.roles, [Role.ROLE_USER]);
});

/** What the service's metrics say of all hashes so far. */
async function passwordsHashed(): Promise<number> {
  const page = await (await fetch(`http://${house.metricsAddress}/metrics`)).text();
  return Number(page.match(/^moa_password_hashes_total\{.*\} (\d+)$/m)![1]);
}

test.after(async () => {
  await events.close();
  await house.close();
});
test.run();
