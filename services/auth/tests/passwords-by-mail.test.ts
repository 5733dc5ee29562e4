import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { reasonOf, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tokenIn } from './mailbox.js';
import { bearer, openAuth, PASSWORD, refusal } from './support.js';

const house = await openAuth('passwords-by-mail');
const { auth, bed, database, mailbox, mails, signIn, signUp } = house;
const MINUTE_MS = 60_000;
const OTHER = 'another password 2';

const wrongPassword = (email: string, password: string) => refusal(auth.signIn({ email, password, device: '' }));

/** The token of the newest mail to an address, of so many. */
const tokenTo = async (email: string, count: number) => tokenIn((await mails(email, count))[0]!);

async function person() {
  const email = await signUp();
  const { tokens, account } = await signIn(email);
  return { email, id: account.id, tokens, as: bearer(tokens.accessToken) };
}

/** Asks for a reset, past the pause between two mails. */
async function resetToken(email: string, mailsSoFar = 1): Promise<string> {
  bed.shiftClock(3 * MINUTE_MS);
  await auth.requestPasswordReset({ email });
  return tokenTo(email, mailsSoFar + 1);
}

test('who signs up is sent a code, and with it shows that the address is theirs, once', async () => {
  const { email, as } = await person();
  assert.not.ok((await auth.getMyAccount({}, as)).account!.emailVerified);
  const token = await tokenTo(email, 1);
  await auth.verifyEmail({ token }, as);
  assert.ok((await auth.getMyAccount({}, as)).account!.emailVerified);
  const error = await refusal(auth.verifyEmail({ token }, as));
  assert.equal([error.code, reasonOf(error)], [status.FAILED_PRECONDITION, 'VERIFICATION_REFUSED']);
});

test("a code verifies the account that it was sent for, and is not lost on another's", async () => {
  const [owner, stranger] = [await person(), await person()];
  const token = await tokenTo(owner.email, 1);
  assert.is(reasonOf(await refusal(auth.verifyEmail({ token }, stranger.as))), 'VERIFICATION_REFUSED');
  assert.is(reasonOf(await refusal(auth.verifyEmail({ token }))), 'TOKEN_MISSING');
  await auth.verifyEmail({ token }, owner.as);
});

test('a code is good for an hour, and a newer one replaces it', async () => {
  const { email, tokens } = await person();
  const first = await tokenTo(email, 1);
  bed.shiftClock(61 * MINUTE_MS);
  const as = bearer((await auth.refreshToken({ refreshToken: tokens.refreshToken })).tokens!.accessToken);
  assert.is(reasonOf(await refusal(auth.verifyEmail({ token: first }, as))), 'VERIFICATION_REFUSED');
  await auth.requestEmailVerification({}, as);
  const second = await tokenTo(email, 2);
  bed.shiftClock(3 * MINUTE_MS);
  await auth.requestEmailVerification({}, as);
  const third = await tokenTo(email, 3);
  assert.is(reasonOf(await refusal(auth.verifyEmail({ token: second }, as))), 'VERIFICATION_REFUSED');
  await auth.verifyEmail({ token: third }, as);
});

test('within two minutes one mail is sent, however often it is asked for', async () => {
  const { email } = await person();
  await mails(email, 1);
  bed.shiftClock(3 * MINUTE_MS);
  await Promise.all(Array.from({ length: 5 }, () => auth.requestPasswordReset({ email })));
  const next = await resetToken(email, 2);
  assert.ok(next);
  assert.is((await mailbox.mailsSoFar(email)).length, 3);
});

test('who signs up with an address that has an account changes nothing, and its owner is told', async () => {
  const { email } = await person();
  bed.shiftClock(3 * MINUTE_MS);
  await auth.signUp({ requestId: randomUUID(), email: email.toUpperCase(), password: OTHER });
  const [told] = await mails(email, 2);
  assert.match(told!.subject, 'You already have an account');
  assert.equal([told!.to].flat(), [email], 'as the account has it');
  assert.is(reasonOf(await wrongPassword(email, OTHER)), 'SIGN_IN_REFUSED');
  await signIn(email);
});

test('a forgotten password is set anew by mail: all sessions end, and the address is verified', async () => {
  const { email, tokens } = await person();
  await mails(email, 1);
  const token = await resetToken(email);
  await auth.resetPassword({ token, newPassword: OTHER });
  assert.is(reasonOf(await wrongPassword(email, PASSWORD)), 'SIGN_IN_REFUSED');
  assert.is(reasonOf(await refusal(auth.refreshToken({ refreshToken: tokens.refreshToken }))), 'REFRESH_TOKEN_REFUSED');
  const { account } = await signIn(email, OTHER);
  assert.ok(account.emailVerified);
  assert.match((await mails(email, 3))[0]!.subject, 'Your password was changed');
});

test('a code for a new password is good once, also when it comes ten times at once', async () => {
  const { email } = await person();
  await mails(email, 1);
  const token = await resetToken(email);
  const outcomes = await Promise.allSettled(
    Array.from({ length: 10 }, (_, n) => auth.resetPassword({ token, newPassword: `new password ${n}` })),
  );
  const winners = outcomes.flatMap(({ status: outcome }, n) => (outcome === 'fulfilled' ? [n] : []));
  assert.is(winners.length, 1);
  await signIn(email, `new password ${winners[0]}`);
});

test('a code is good for half an hour, and a made-up one is refused without a hash', async () => {
  const { email } = await person();
  await mails(email, 1);
  const token = await resetToken(email);
  bed.shiftClock(31 * MINUTE_MS);
  const before = await passwordsHashed();
  for (const wrong of [token, 'made-up'])
    assert.is(reasonOf(await refusal(auth.resetPassword({ token: wrong, newPassword: OTHER }))), 'RESET_TOKEN_REFUSED');
  assert.is(await passwordsHashed(), before);
});

test('a reset for an unknown address looks and works alike, and sends nothing', async () => {
  const [known, unknown] = [(await person()).email, `${randomUUID()}@moa.example`];
  await mails(known, 1);
  bed.shiftClock(3 * MINUTE_MS);
  assert.equal(await auth.requestPasswordReset({ email: unknown }), await auth.requestPasswordReset({ email: known }));
  await mails(known, 2);
  await until(async () => (await database.query('SELECT FROM mail')).rowCount === 0);
  assert.is((await mailbox.mailsSoFar(unknown)).length, 0);
});

test('a reset goes to the address that the account has, not to one that only looks alike', async () => {
  const tag = randomUUID();
  const email = await signUp(`mike-${tag}@moa.example`);
  await mails(email, 1);
  bed.shiftClock(3 * MINUTE_MS);
  // A full-width m: the same once it is normalized.
  const lookalike = `\uff4dike-${tag}@moa.example`;
  await auth.requestPasswordReset({ email: lookalike });
  await mails(email, 2);
  assert.is((await mailbox.mailsSoFar(lookalike)).length, 0);
});

test('a changed password ends the other sessions and spares the one that changed it', async () => {
  const { email, as, tokens } = await person();
  const elsewhere = await signIn(email);
  await auth.changePassword({ currentPassword: PASSWORD, newPassword: OTHER }, as);
  assert.is(reasonOf(await refusal(auth.refreshToken({ refreshToken: elsewhere.tokens.refreshToken }))), 'REFRESH_TOKEN_REFUSED');
  await auth.refreshToken({ refreshToken: tokens.refreshToken });
  assert.is(reasonOf(await wrongPassword(email, PASSWORD)), 'SIGN_IN_REFUSED');
  await signIn(email, OTHER);
  assert.match((await mails(email, 2))[0]!.subject, 'Your password was changed');
});

test('a password is changed only by who knows the one before', async () => {
  const { email, as } = await person();
  const error = await refusal(auth.changePassword({ currentPassword: 'not it', newPassword: OTHER }, as));
  assert.equal([error.code, reasonOf(error)], [status.PERMISSION_DENIED, 'PASSWORD_REFUSED']);
  await signIn(email);
  await database.query('UPDATE account SET password_hash = NULL WHERE email = $1', [email]);
  assert.is(reasonOf(await refusal(auth.changePassword({ currentPassword: PASSWORD, newPassword: OTHER }, as))), 'PASSWORD_MISSING');
});

test('a sign-in with the old password that overlaps a change of it starts no session that lasts', async () => {
  for (let round = 0; round < 5; round++) {
    const { email, as, id } = await person();
    const signIns = Array.from({ length: 4 }, () => auth.signIn({ email, password: PASSWORD, device: '' }).catch(() => undefined));
    await auth.changePassword({ currentPassword: PASSWORD, newPassword: OTHER }, as);
    await Promise.all(signIns);
    const { rows } = await database.query('SELECT count(*)::integer AS live FROM session WHERE account_id = $1 AND end_time IS NULL', [id]);
    assert.equal(rows, [{ live: 1 }]);
  }
});

test('what anybody may ask for is answered in the same steps for known and unknown addresses', async () => {
  const known = (await person()).email;
  await mails(known, 1);
  // Statements and hashes, not times: a machine is never quiet enough to tell them apart.
  for (const email of [known, `${randomUUID()}@moa.example`]) {
    bed.shiftClock(3 * MINUTE_MS);
    const before = [await passwordsHashed(), await mailsQueued()];
    await auth.signUp({ requestId: randomUUID(), email, password: OTHER });
    await auth.requestPasswordReset({ email });
    assert.equal([await passwordsHashed(), await mailsQueued()], [before[0]! + 1, before[1]! + 2]);
  }
});

/** Counted by a trigger of the test's own, since mail that was sent leaves the table. */
async function mailsQueued(): Promise<number> {
  return (await database.query('SELECT count(*)::integer AS count FROM queued')).rows[0].count;
}

async function passwordsHashed(): Promise<number> {
  const page = await (await fetch(`http://${house.metricsAddress}/metrics`)).text();
  return Number(page.match(/^moa_password_hashes_total\{.*\} (\d+)$/m)![1]);
}

await database.query(`
  CREATE TABLE queued (id uuid);
  GRANT ALL ON queued TO auth;
  CREATE FUNCTION note_mail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO queued VALUES (NEW.id); RETURN NEW; END $$;
  CREATE TRIGGER noted AFTER INSERT ON mail FOR EACH ROW EXECUTE FUNCTION note_mail();`);

test.after(() => house.close());
test.run();
