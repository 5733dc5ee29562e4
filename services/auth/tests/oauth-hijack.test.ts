// Whoever was there first with somebody else's address or browser gets nothing of theirs. Named after Sudhodanan and Paverd, "Pre-hijacked
// accounts" (USENIX Security 2022), as far as providers take part, and after login CSRF.
import { status } from '@grpc/grpc-js';
import { reasonOf, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tokenIn } from './mailbox.js';
import { newEmail, openOAuth, somebody, verified } from './oauth-support.js';
import { REDIRECT_URI } from './provider.js';
import { bearer, PASSWORD, refusal } from './support.js';

const house = await openOAuth('oauth-hijack');
const { auth, comeBack, comeBackToLink, database, enter, link, mailbox, member, oauth, signIn, signUp } = house;

const identitiesOf = async (accountId: string) =>
  (await database.query('SELECT FROM identity WHERE account_id = $1', [accountId])).rows.length;

test("classic-federated merge: the owner of an address who comes by a provider is not put into an attacker's account", async () => {
  const email = await signUp();
  const attacker = await signIn(email);
  const owner = verified(email);
  const error = await refusal(enter(owner));
  assert.equal([error.code, reasonOf(error)], [status.FAILED_PRECONDITION, 'EMAIL_IN_USE']);
  assert.is(await identitiesOf(attacker.account.id), 0);
  assert.is(reasonOf(await refusal(enter({ ...owner, email: email.toUpperCase() }))), 'EMAIL_IN_USE');
  const { rows } = await database.query('SELECT FROM identity WHERE subject = $1', [owner.sub]);
  assert.is(rows.length, 0, 'nor put anywhere else');
});

test('classic-federated merge: the owner gets the account by a password reset, without the attacker, and links there', async () => {
  const email = await signUp(newEmail(), "the attacker's password");
  const attacker = await signIn(email, "the attacker's password");
  await auth.requestPasswordReset({ email });
  const reset = await until(async () => (await mailbox.mailsSoFar(email)).find(({ subject }) => subject.includes('비밀번호 재설정')));
  const token = tokenIn(reset);
  await auth.resetPassword({ token, newPassword: PASSWORD });
  assert.ok(await refusal(auth.refreshToken({ refreshToken: attacker.tokens.refreshToken })));
  const owner = verified(email);
  await link(bearer((await signIn(email)).tokens.accessToken), owner);
  assert.is((await enter(owner)).account.email, email);
});

test('non-verifying provider: an address that it has not verified neither leads to its account nor is given to one', async () => {
  const victim = await member();
  const attacker = somebody({ email: victim.email, emailVerified: false });
  const { account } = await enter(attacker);
  assert.is.not(account.id, victim.id);
  assert.equal([account.email, await identitiesOf(victim.id)], ['', 0]);
  const email = newEmail();
  await enter(somebody({ email, emailVerified: false }));
  assert.is((await enter(verified(email))).account.email, email, 'its owner can still have it');
});

test('trojan identifier: who signed up with an address that is not theirs cannot leave an identity of theirs in the account', async () => {
  const email = await signUp();
  const attacker = bearer((await signIn(email)).tokens.accessToken);
  const error = await refusal(oauth.startLink({ provider: 'google', redirectUri: REDIRECT_URI }, attacker));
  assert.equal([error.code, reasonOf(error)], [status.FAILED_PRECONDITION, 'EMAIL_NOT_VERIFIED']);
});

test('an address that changed hands at the provider leads its new owner to no account of the old one', async () => {
  const old = verified();
  const { account } = await enter(old);
  assert.is(reasonOf(await refusal(enter(verified(old.email)))), 'EMAIL_IN_USE');
  assert.is(await identitiesOf(account.id), 1);
});

test('login CSRF: the URL that an attacker came back to signs nobody in who is sent to it', async () => {
  const [attackers, victims] = [await comeBack(somebody()), await comeBack(somebody())];
  const lured = { ...victims, callback: attackers.callback };
  assert.is(reasonOf(await refusal(oauth.finishOAuth(lured))), 'OAUTH_REFUSED');
});

test("login CSRF: an attacker's code under the victim's own state is refused", async () => {
  const [attackers, victims] = [await comeBack(somebody()), await comeBack(somebody())];
  const lured = { ...victims, callback: { ...victims.callback, outcome: attackers.callback.outcome } };
  assert.is(reasonOf(await refusal(oauth.finishOAuth(lured))), 'OAUTH_REFUSED');
});

test("link CSRF: an attacker's identity is not linked by a victim who is sent to the attacker's URL", async () => {
  const [victim, attacker] = [await member(), await member()];
  const attackers = await comeBackToLink(attacker.as, somebody());
  const victims = await comeBackToLink(victim.as, somebody());
  for (const lured of [
    attackers,
    { ...victims, callback: attackers.callback },
    { ...victims, callback: { ...victims.callback, outcome: attackers.callback.outcome } },
  ])
    assert.is(reasonOf(await refusal(oauth.linkIdentity(lured, victim.as))), 'OAUTH_REFUSED');
  assert.is(await identitiesOf(victim.id), 0);
});

test.after(house.close);
test.run();
