import { status } from '@grpc/grpc-js';
import { SessionRevoked } from '@moa/contracts/auth/v1/auth_events';
import { openEvents, reasonOf, until } from '@moa/testkit';
import { decodeJwt } from 'jose';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bearer, openAuth, refusal } from './support.js';

const house = await openAuth('sessions');
const { auth, bed, database, signIn, signUp } = house;
const events = await openEvents(bed);

const SECOND_MS = 1_000;
const DAY_MS = 86_400_000;

const refresh = async (refreshToken: string) => (await auth.refreshToken({ refreshToken })).tokens!;
const sessionOf = (accessToken: string) => decodeJwt(accessToken)['sid'] as string;

test('a refresh gives a new pair of tokens of the same session', async () => {
  const { tokens } = await signIn(await signUp());
  const next = await refresh(tokens.refreshToken);
  assert.is.not(next.refreshToken, tokens.refreshToken);
  assert.is(sessionOf(next.accessToken), sessionOf(tokens.accessToken));
  await refresh((await refresh(next.refreshToken)).refreshToken);
});

test('50 refreshes at once with one token give one and the same successor', async () => {
  const { tokens } = await signIn(await signUp());
  const answers = await Promise.all(Array.from({ length: 50 }, () => refresh(tokens.refreshToken)));
  assert.is(new Set(answers.map(({ refreshToken }) => refreshToken)).size, 1);
  const { rows } = await database.query('SELECT generation, end_time FROM session WHERE id = $1', [sessionOf(tokens.accessToken)]);
  assert.equal(rows, [{ generation: 1, end_time: null }]);
  await refresh(answers[0]!.refreshToken);
});

test('within 10 seconds a spent token gives its successor again', async () => {
  const { tokens } = await signIn(await signUp());
  const next = await refresh(tokens.refreshToken);
  bed.shiftClock(9 * SECOND_MS);
  assert.is((await refresh(tokens.refreshToken)).refreshToken, next.refreshToken);
});

test('a token that is used again later ends its session, for thief and owner, and says so to everybody', async () => {
  const revoked = await events.listen(SessionRevoked);
  const { account, tokens } = await signIn(await signUp());
  const next = await refresh(tokens.refreshToken);
  bed.shiftClock(11 * SECOND_MS);
  const error = await refusal(refresh(tokens.refreshToken));
  assert.equal([error.code, reasonOf(error)], [status.UNAUTHENTICATED, 'REFRESH_TOKEN_REFUSED']);
  assert.is(reasonOf(await refusal(refresh(next.refreshToken))), 'REFRESH_TOKEN_REFUSED');
  const sessionId = sessionOf(tokens.accessToken);
  await until(() => revoked.some((event) => event.sessionId === sessionId && event.accountId === account.id));
  const [told] = await house.mails(account.email, 2);
  assert.match(told!.subject, 'You were signed out on one device');
});

test('a token from two uses ago ends its session at once', async () => {
  const { tokens } = await signIn(await signUp());
  const last = await refresh((await refresh(tokens.refreshToken)).refreshToken);
  await refusal(refresh(tokens.refreshToken));
  await refusal(refresh(last.refreshToken));
});

test('the end of one session leaves the others of the account', async () => {
  const email = await signUp();
  const [phone, laptop] = [await signIn(email), await signIn(email)];
  await refresh((await refresh(phone.tokens.refreshToken)).refreshToken);
  await refusal(refresh(phone.tokens.refreshToken));
  await refresh(laptop.tokens.refreshToken);
});

test('a session that is used goes on, and ends 30 days after the sign-in all the same', async () => {
  let { tokens } = await signIn(await signUp());
  const signedInAt = bed.now().getTime();
  for (let week = 0; week < 2; week++) {
    bed.shiftClock(13 * DAY_MS);
    tokens = await refresh(tokens.refreshToken);
  }
  const lifeMs = tokens.refreshExpireTime!.getTime() - signedInAt;
  assert.ok(Math.abs(lifeMs - 30 * DAY_MS) < 60 * SECOND_MS, `${lifeMs} ms`);
  bed.shiftClock(5 * DAY_MS);
  assert.is(reasonOf(await refusal(refresh(tokens.refreshToken))), 'REFRESH_TOKEN_REFUSED');
});

test('a session that is not used for 14 days is over', async () => {
  const { tokens } = await signIn(await signUp());
  bed.shiftClock(14 * DAY_MS);
  assert.is(reasonOf(await refusal(refresh(tokens.refreshToken))), 'REFRESH_TOKEN_REFUSED');
});

test('who signs out cannot refresh any more, and everybody hears of it once', async () => {
  const revoked = await events.listen(SessionRevoked);
  const { tokens } = await signIn(await signUp());
  const signOut = () => auth.signOut({ sessionId: '' }, bearer(tokens.accessToken));
  await Promise.all([signOut(), signOut()]);
  await until(async () => reasonOf(await refusal(signOut())) === 'TOKEN_REFUSED');
  await refusal(refresh(tokens.refreshToken));
  await until(() => revoked.length > 0);
  assert.equal(
    revoked.map(({ sessionId }) => sessionId),
    [sessionOf(tokens.accessToken)],
  );
});

test('signing out needs a token', async () => {
  assert.is(reasonOf(await refusal(auth.signOut({ sessionId: '' }))), 'TOKEN_MISSING');
});

test('a suspended account gets no new tokens', async () => {
  const { account, tokens } = await signIn(await signUp());
  await database.query("UPDATE account SET state = 'SUSPENDED' WHERE id = $1", [account.id]);
  assert.is(reasonOf(await refusal(refresh(tokens.refreshToken))), 'REFRESH_TOKEN_REFUSED');
});

test('a token that was never ours is refused, however it was made', async () => {
  const { tokens } = await signIn(await signUp());
  const bytes = Buffer.from(tokens.refreshToken, 'base64url');
  const withGeneration = Buffer.from(bytes);
  withGeneration.writeUInt32BE(7, 16);
  for (const forged of [
    'x',
    `${tokens.refreshToken}x`.repeat(2).slice(0, 200),
    withGeneration.toString('base64url'),
    bytes.subarray(0, 36).toString('base64url'),
    tokens.accessToken.slice(0, 200),
  ]) {
    assert.is(reasonOf(await refusal(refresh(forged))), 'REFRESH_TOKEN_REFUSED');
  }
  await refresh(tokens.refreshToken);
});

test('no token lies in the database', async () => {
  const { tokens } = await signIn(await signUp());
  const { refreshToken } = await refresh(tokens.refreshToken);
  const { rows } = await database.query<{ row: string }>(
    'SELECT to_jsonb(session)::text AS row FROM session UNION ALL SELECT to_jsonb(r)::text FROM kit.request r',
  );
  const parts = [refreshToken, Buffer.from(refreshToken, 'base64url').toString('hex', 20, 36)];
  assert.not(rows.some(({ row }) => parts.some((part) => row.includes(part))));
});

test.after(async () => {
  await events.close();
  await house.close();
});
test.run();
