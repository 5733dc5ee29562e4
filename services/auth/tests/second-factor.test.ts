import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { Role } from '@moa/contracts/options/v1/options';
import { reasonOf, retryAfterMsOf, until } from '@moa/testkit';
import { decodeJwt } from 'jose';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bearer, codeOf, openAuth, PASSWORD, refusal } from './support.js';

const house = await openAuth('second-factor');
const { admin, asAdmin, auth, bed, database, signIn, signInWithCode, signUp } = house;
const STEP_MS = 30_000;
const MINUTE_MS = 60_000;

const rolesOf = (accessToken: string) => decodeJwt(accessToken)['roles'];

/** Somebody with a verified address. */
async function person() {
  const email = await signUp();
  const { tokens, account } = await signIn(email);
  await database.query('UPDATE account SET email_verify_time = now() WHERE id = $1', [account.id]);
  return { email, id: account.id, tokens, as: bearer(tokens.accessToken) };
}

/** Somebody whose second factor is on. */
async function enrolled() {
  const someone = await person();
  const { secret } = await auth.enrollTotp({}, someone.as);
  const { recoveryCodes } = await auth.confirmTotp({ code: codeOf(secret, bed.now()) }, someone.as);
  // The step of the first code is spent.
  bed.shiftClock(STEP_MS);
  return { ...someone, secret, recoveryCodes, code: () => codeOf(secret, bed.now()) };
}

const challengeOf = async (email: string) => (await auth.signIn({ email, password: PASSWORD, device: '' })).secondFactorChallenge;

test('an account without a second factor signs in by its password alone', async () => {
  const { as } = await person();
  const { hasSecondFactor, recoveryCodes, hasPassword } = await auth.getMyAccount({}, as);
  assert.equal([hasSecondFactor, recoveryCodes, hasPassword], [false, 0, true]);
});

test('a second factor is on once a first code was shown, and from then on a password alone gives no tokens', async () => {
  const { email, as, tokens } = await person();
  const { secret, uri } = await auth.enrollTotp({}, as);
  assert.match(uri, /^otpauth:\/\/totp\/Moa:/);
  assert.ok(uri.includes(`secret=${secret}`));
  assert.ok((await auth.signIn({ email, password: PASSWORD, device: '' })).tokens, 'not before');
  const { recoveryCodes } = await auth.confirmTotp({ code: codeOf(secret, bed.now()) }, as);
  assert.is(new Set(recoveryCodes).size, 10);
  const { tokens: none, account, secondFactorChallenge } = await auth.signIn({ email, password: PASSWORD, device: '' });
  assert.equal([none, account], [undefined, undefined]);
  assert.ok(secondFactorChallenge);
  bed.shiftClock(STEP_MS);
  const signedIn = await signInWithCode(email, PASSWORD, codeOf(secret, bed.now()));
  assert.is(signedIn.account.email, email);
  assert.ok(tokens);
});

test('a code is good once, also for two challenges at once', async () => {
  const { email, code } = await enrolled();
  const challenges = await Promise.all([challengeOf(email)]);
  const now = code();
  const outcomes = await Promise.allSettled(
    Array.from({ length: 5 }, () => auth.verifySecondFactor({ challenge: challenges[0]!, code: now, device: '' })),
  );
  assert.is(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
  const challenge = await challengeOf(email);
  assert.is(reasonOf(await refusal(auth.verifySecondFactor({ challenge, code: now, device: '' }))), 'CODE_REFUSED');
});

test('codes of the step before and after are taken, older ones are not', async () => {
  const { email, secret } = await enrolled();
  const at = (steps: number) => codeOf(secret, new Date(bed.now().getTime() + steps * STEP_MS));
  const challenge = await challengeOf(email);
  for (const steps of [-3, -2, 2])
    assert.is(reasonOf(await refusal(auth.verifySecondFactor({ challenge, code: at(steps), device: '' }))), 'CODE_REFUSED');
  await auth.verifySecondFactor({ challenge, code: at(1), device: '' });
});

test('a challenge is good for five tries and five minutes', async () => {
  const { email, code } = await enrolled();
  const worn = await challengeOf(email);
  for (let tries = 0; tries < 4; tries++) await refusal(auth.verifySecondFactor({ challenge: worn, code: '000000', device: '' }));
  bed.shiftClock(MINUTE_MS);
  await refusal(auth.verifySecondFactor({ challenge: worn, code: '000000', device: '' }));
  bed.shiftClock(MINUTE_MS);
  const error = await refusal(auth.verifySecondFactor({ challenge: worn, code: code(), device: '' }));
  assert.equal([error.code, reasonOf(error)], [status.UNAUTHENTICATED, 'CHALLENGE_REFUSED']);
  const late = await challengeOf(email);
  bed.shiftClock(5 * MINUTE_MS);
  assert.is(reasonOf(await refusal(auth.verifySecondFactor({ challenge: late, code: code(), device: '' }))), 'CHALLENGE_REFUSED');
});

test('a newer challenge replaces the one before, and one that nobody made is refused', async () => {
  const { email, code } = await enrolled();
  const first = await challengeOf(email);
  const second = await challengeOf(email);
  for (const challenge of [first, 'made-up'])
    assert.is(reasonOf(await refusal(auth.verifySecondFactor({ challenge, code: code(), device: '' }))), 'CHALLENGE_REFUSED');
  await auth.verifySecondFactor({ challenge: second, code: code(), device: '' });
});

test('wrong codes make the next ones wait, whatever challenge they come with, and a right one ends that', async () => {
  const { email, code } = await enrolled();
  for (let tries = 0; tries < 5; tries++)
    assert.is(
      reasonOf(await refusal(auth.verifySecondFactor({ challenge: await challengeOf(email), code: '000000', device: '' }))),
      'CODE_REFUSED',
    );
  const error = await refusal(auth.verifySecondFactor({ challenge: await challengeOf(email), code: code(), device: '' }));
  assert.equal([error.code, reasonOf(error)], [status.RESOURCE_EXHAUSTED, 'CODES_THROTTLED']);
  assert.ok(retryAfterMsOf(error)! > 0);
  bed.shiftClock(retryAfterMsOf(error)!);
  await auth.verifySecondFactor({ challenge: await challengeOf(email), code: code(), device: '' });
  bed.shiftClock(STEP_MS);
  await auth.verifySecondFactor({ challenge: await challengeOf(email), code: code(), device: '' });
});

test('100 wrong codes at once are no way around: a few are looked at', async () => {
  const { email } = await enrolled();
  const challenge = await challengeOf(email);
  const reasons = await Promise.all(
    Array.from({ length: 100 }, async () => reasonOf(await refusal(auth.verifySecondFactor({ challenge, code: '000000', device: '' })))),
  );
  assert.is(reasons.filter((reason) => reason === 'CODE_REFUSED').length, 5);
});

test('a recovery code stands in for the app, once, however it is typed', async () => {
  const { email, as, recoveryCodes } = await enrolled();
  const [one, other] = recoveryCodes;
  await signInWithCode(email, PASSWORD, one!);
  assert.is(reasonOf(await refusal(signInWithCode(email, PASSWORD, one!))), 'CODE_REFUSED');
  await signInWithCode(email, PASSWORD, other!.replaceAll('-', ' ').toUpperCase());
  assert.is((await auth.getMyAccount({}, as)).recoveryCodes, 8);
  const { recoveryCodes: fresh } = await auth.replaceRecoveryCodes({}, as);
  assert.is(reasonOf(await refusal(signInWithCode(email, PASSWORD, recoveryCodes[2]!))), 'CODE_REFUSED');
  await signInWithCode(email, PASSWORD, fresh[0]!);
});

test('neither secrets nor recovery codes can be read in the tables', async () => {
  const { secret, recoveryCodes } = await enrolled();
  const { rows } = await database.query(
    'SELECT totp::text AS totp, recovery_code::text AS code FROM totp JOIN recovery_code USING (account_id)',
  );
  const kept = JSON.stringify(rows);
  const hexOf = (text: string) => Buffer.from(text).toString('hex');
  for (const text of [secret, ...recoveryCodes]) assert.not.ok(kept.includes(text) || kept.includes(hexOf(text)));
});

test("an address that nobody has verified gets no second factor: it may be somebody else's", async () => {
  const { tokens } = await signIn(await signUp());
  const error = await refusal(auth.enrollTotp({}, bearer(tokens.accessToken)));
  assert.equal([error.code, reasonOf(error)], [status.FAILED_PRECONDITION, 'EMAIL_NOT_VERIFIED']);
});

test('what is on is not enrolled or confirmed again, and a wrong first code leaves it off', async () => {
  const { as } = await enrolled();
  assert.is(reasonOf(await refusal(auth.enrollTotp({}, as))), 'SECOND_FACTOR_ENROLLED');
  assert.is(reasonOf(await refusal(auth.confirmTotp({ code: '123456' }, as))), 'SECOND_FACTOR_ENROLLED');
  const other = await person();
  assert.is(reasonOf(await refusal(auth.confirmTotp({ code: '123456' }, other.as))), 'NO_SECOND_FACTOR');
  const { secret } = await auth.enrollTotp({}, other.as);
  const wrong = codeOf(secret, new Date(0));
  assert.is(reasonOf(await refusal(auth.confirmTotp({ code: wrong }, other.as))), 'CODE_REFUSED');
  assert.not.ok((await auth.getMyAccount({}, other.as)).hasSecondFactor);
});

test('turned off, the password is enough again', async () => {
  const { email, as } = await enrolled();
  await auth.disableTotp({}, as);
  assert.is(reasonOf(await refusal(auth.disableTotp({}, as))), 'NO_SECOND_FACTOR');
  assert.ok((await auth.signIn({ email, password: PASSWORD, device: '' })).tokens);
});

test('staff have their roles only in sessions that passed a second factor', async () => {
  const someone = await person();
  await admin.grantRole({ requestId: randomUUID(), accountId: someone.id, role: Role.ROLE_COMPLIANCE }, await asAdmin());
  const { tokens } = await signIn(someone.email);
  assert.equal(rolesOf(tokens.accessToken), ['USER']);
  const as = bearer(tokens.accessToken);
  const { secret } = await auth.enrollTotp({}, as);
  await auth.confirmTotp({ code: codeOf(secret, bed.now()) }, as);
  const next = (await auth.refreshToken({ refreshToken: tokens.refreshToken })).tokens!;
  assert.equal(rolesOf(next.accessToken), ['USER', 'COMPLIANCE']);
  // Another session of the same person passes it by itself.
  const elsewhere = (await auth.refreshToken({ refreshToken: someone.tokens.refreshToken })).tokens!;
  assert.equal(rolesOf(elsewhere.accessToken), ['USER']);
  bed.shiftClock(STEP_MS);
  await auth.reauthenticate({ proof: { $case: 'code', value: codeOf(secret, bed.now()) } }, bearer(elsewhere.accessToken));
  const after = (await auth.refreshToken({ refreshToken: elsewhere.refreshToken })).tokens!;
  assert.equal(rolesOf(after.accessToken), ['USER', 'COMPLIANCE']);
  assert.is(reasonOf(await refusal(auth.disableTotp({}, as))), 'SECOND_FACTOR_STAYS');
});

test('what needs a fresh sign-in asks again after 15 minutes: for the password, or for a code where there is a second factor', async () => {
  const { as, tokens, email } = await person();
  bed.shiftClock(9 * MINUTE_MS);
  const next = (await auth.refreshToken({ refreshToken: tokens.refreshToken })).tokens!;
  await auth.enrollTotp({}, as);
  bed.shiftClock(7 * MINUTE_MS);
  const later = bearer(next.accessToken);
  const error = await refusal(auth.enrollTotp({}, later));
  assert.equal([error.code, reasonOf(error)], [status.PERMISSION_DENIED, 'FRESH_AUTH_NEEDED']);
  const proof = (value: string) => ({ proof: { $case: 'password' as const, value } });
  assert.is(reasonOf(await refusal(auth.reauthenticate(proof('not it'), later))), 'PASSWORD_REFUSED');
  await auth.reauthenticate(proof(PASSWORD), later);
  const { secret } = await auth.enrollTotp({}, later);
  await auth.confirmTotp({ code: codeOf(secret, bed.now()) }, later);
  bed.shiftClock(16 * MINUTE_MS);
  const { tokens: fresh } = await signInWithCode(email, PASSWORD, codeOf(secret, bed.now()));
  assert.is(reasonOf(await refusal(auth.reauthenticate(proof(PASSWORD), bearer(fresh.accessToken)))), 'SECOND_FACTOR_NEEDED');
});

test('guessing a password by Reauthenticate is slowed down as a sign-in is', async () => {
  const { as } = await person();
  const guess = () => refusal(auth.reauthenticate({ proof: { $case: 'password', value: 'not it' } }, as));
  const reasons = new Set<string | undefined>();
  for (let tries = 0; tries < 12; tries++) reasons.add(reasonOf(await guess()));
  assert.equal(reasons, new Set(['PASSWORD_REFUSED', 'SIGN_IN_THROTTLED']));
});

test('a suspended account does not get in by its second factor', async () => {
  const { email, id, code } = await enrolled();
  const challenge = await challengeOf(email);
  await database.query("UPDATE account SET state = 'SUSPENDED' WHERE id = $1", [id]);
  assert.is(reasonOf(await refusal(auth.verifySecondFactor({ challenge, code: code(), device: '' }))), 'ACCOUNT_SUSPENDED');
});

test('what was handed out and never brought back is forgotten', async () => {
  const { email } = await enrolled();
  await challengeOf(email);
  bed.shiftClock(61 * MINUTE_MS);
  const copy = await house.start();
  await until(async () => (await database.query('SELECT FROM one_time_token')).rowCount === 0);
  await copy.stop();
});

test.after(() => house.close());
test.run();
