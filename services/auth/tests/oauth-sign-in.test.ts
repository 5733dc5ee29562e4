import { AccountCreated } from '@moa/contracts/auth/v1/auth_events';
import { Role } from '@moa/contracts/options/v1/options';
import { openEvents, reasonOf, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { newEmail, openOAuth, somebody, verified } from './oauth-support.js';
import { callbackOf, logIn, REDIRECT_URI } from './provider.js';
import { bearer, codeOf, refusal } from './support.js';

const house = await openOAuth('oauth-sign-in');
const { auth, bed, comeBack, database, enter, meeting, oauth } = house;
const events = await openEvents(bed);

const accountsOf = async (sub: string) =>
  (await database.query('SELECT account_id FROM identity WHERE subject = $1', [sub])).rows.map(({ account_id }) => account_id);

test('the configured providers are told by name', async () => {
  assert.equal((await oauth.listProviders({})).providers, ['google', 'strict', 'naver']);
});

test('the browser is sent with state, nonce and a PKCE challenge, and without anything that finishes a flow', async () => {
  const { authorizationUrl, flowToken } = await oauth.startOAuth({ provider: 'google', redirectUri: REDIRECT_URI });
  const sent = Object.fromEntries(new URL(authorizationUrl).searchParams);
  assert.equal(
    { ...sent, state: '', nonce: '', code_challenge: '' },
    {
      client_id: 'moa',
      redirect_uri: REDIRECT_URI,
      response_type: 'code',
      scope: 'openid email',
      code_challenge_method: 'S256',
      state: '',
      nonce: '',
      code_challenge: '',
    },
  );
  for (const random of ['state', 'nonce', 'code_challenge']) assert.is(sent[random]!.length, 43);
  assert.not.ok(authorizationUrl.includes(flowToken));
  const { rows } = await database.query('SELECT f::text AS told FROM oauth_flow f');
  for (const secret of [flowToken, sent['state']!]) assert.not.ok(rows.some(({ told }) => told.includes(secret)));
});

test('who comes for the first time gets an account, a USER with the verified address', async () => {
  const created = await events.listen(AccountCreated);
  const person = verified();
  const { account, as } = await enter(person);
  assert.equal([account.email, account.emailVerified, account.roles], [person.email, true, [Role.ROLE_USER]]);
  const { hasPassword, account: mine } = await auth.getMyAccount({}, as);
  assert.equal([hasPassword, mine!.id], [false, account.id]);
  await until(() => created.some(({ accountId }) => accountId === account.id));
});

test('who comes again is the same, whatever address the provider tells now', async () => {
  const person = verified();
  const { account } = await enter(person);
  assert.is((await enter({ ...person, email: newEmail() })).account.id, account.id);
  assert.is((await enter({ sub: person.sub })).account.email, person.email);
});

test('the same subject of another issuer is somebody else', async () => {
  const person = somebody();
  assert.is.not((await enter(person, 'google')).account.id, (await enter(person, 'strict')).account.id);
});

test('an address that stands in UserInfo only is taken as well', async () => {
  const person = verified();
  assert.equal((await enter(person, 'strict')).account.email, person.email);
});

test('an account of a person without a verified address has none', async () => {
  for (const person of [somebody(), somebody({ email: newEmail() }), somebody({ email: newEmail(), emailVerified: false })]) {
    const { account } = await enter(person);
    assert.equal([account.email, account.emailVerified], ['', false]);
  }
});

test('a provider whose token endpoint wants the state is sent it', async () => {
  const person = somebody({ fault: 'wants state' });
  await enter(person, 'naver');
  assert.is(reasonOf(await refusal(enter(person, 'google'))), 'OAUTH_REFUSED');
});

test('a new identity that comes five times at once is one account', async () => {
  for (const person of [somebody(), verified()]) {
    const browsers = await Promise.all(Array.from({ length: 5 }, () => comeBack(person)));
    const entered = await meeting(
      'identity',
      browsers.map((browser) => () => oauth.finishOAuth(browser)),
    );
    const ids = entered.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value.account!.id : outcome.reason));
    assert.is(new Set(ids).size, 1, String(ids));
    assert.equal(await accountsOf(person.sub), [ids[0]]);
  }
  const { rows } = await database.query(
    'SELECT FROM account a WHERE NOT EXISTS (SELECT FROM identity WHERE account_id = a.id) AND password_hash IS NULL',
  );
  assert.is(rows.length, 0, 'nor is one left over');
});

test('a flow that is finished ten times at once succeeds once', async () => {
  const browser = await comeBack(somebody());
  const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => oauth.finishOAuth(browser)));
  assert.is(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
  for (const outcome of outcomes) if (outcome.status === 'rejected') assert.is(reasonOf(outcome.reason), 'OAUTH_REFUSED');
});

test('a session that a provider began is refreshed, listed and ended as any other', async () => {
  const browser = await comeBack(somebody());
  const { tokens } = await oauth.finishOAuth({ ...browser, device: 'a phone' });
  const { tokens: next } = await auth.refreshToken({ refreshToken: tokens!.refreshToken });
  const as = bearer(next!.accessToken);
  assert.equal(
    (await auth.listSessions({ pageSize: 0, pageToken: '' }, as)).sessions.map(({ device }) => device),
    ['a phone'],
  );
  await auth.signOut({ sessionId: '' }, as);
});

test('a second factor is asked for after a provider, too', async () => {
  const person = verified();
  const { as } = await enter(person);
  const { secret } = await auth.enrollTotp({}, as);
  await auth.confirmTotp({ code: codeOf(secret, bed.now()) }, as);
  bed.shiftClock(30_000);
  const { tokens, account, secondFactorChallenge } = await oauth.finishOAuth(await comeBack(person));
  assert.equal([tokens, account], [undefined, undefined]);
  const passed = await auth.verifySecondFactor({ challenge: secondFactorChallenge, code: codeOf(secret, bed.now()), device: '' });
  assert.is(passed.account!.email, person.email);
});

test('a suspended account is refused as in a sign-in', async () => {
  const person = somebody();
  const { account } = await enter(person);
  await database.query("UPDATE account SET state = 'SUSPENDED' WHERE id = $1", [account.id]);
  assert.is(reasonOf(await refusal(enter(person))), 'ACCOUNT_SUSPENDED');
});

test('a flow is good for ten minutes', async () => {
  const [soon, late] = [await comeBack(somebody()), await comeBack(somebody())];
  bed.shiftClock(9 * 60_000);
  await oauth.finishOAuth(soon);
  bed.shiftClock(61_000);
  assert.is(reasonOf(await refusal(oauth.finishOAuth(late))), 'OAUTH_REFUSED');
});

test('an unknown provider, and one that nobody has configured, is not found', async () => {
  assert.is(reasonOf(await refusal(oauth.startOAuth({ provider: 'kakao', redirectUri: REDIRECT_URI }))), 'PROVIDER_NOT_FOUND');
  const { oauth: without } = await house.start({ OAUTH_PROVIDERS: '[]', OAUTH_REDIRECT_URIS: '' });
  assert.equal((await without.listProviders({})).providers, []);
  assert.is(reasonOf(await refusal(without.startOAuth({ provider: 'google', redirectUri: REDIRECT_URI }))), 'PROVIDER_NOT_FOUND');
});

test('any copy of the service finishes a flow', async () => {
  const another = await house.start();
  const { authorizationUrl, flowToken } = await oauth.startOAuth({ provider: 'google', redirectUri: REDIRECT_URI });
  const callback = callbackOf(await logIn(authorizationUrl, somebody()));
  assert.ok((await another.oauth.finishOAuth({ flowToken, callback, device: '' })).tokens);
});

test.after(async () => {
  await events.close();
  await house.close();
});
test.run();
