import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { reasonOf } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openOAuth, somebody, verified } from './oauth-support.js';
import { REDIRECT_URI } from './provider.js';
import { bearer, refusal } from './support.js';

const house = await openOAuth('oauth-link');
const { auth, bed, comeBack, comeBackToLink, database, enter, link, mailbox, meeting, member, oauth, signIn } = house;

const ALL = { pageSize: 0, pageToken: '' };
const SIXTEEN_MINUTES_MS = 16 * 60_000;

test('who links an identity signs in with it from then on, and is told by mail', async () => {
  const { as, id, email } = await member();
  const person = verified();
  const identity = await link(as, person);
  assert.equal([identity.provider, identity.issuer], ['google', house.google.issuer]);
  assert.equal((await oauth.listIdentities(ALL, as)).identities, [identity]);
  const { account } = await enter(person);
  assert.equal([account.id, account.email], [id, email], 'its own address stays');
  assert.ok((await mailbox.mails(email, 2)).some(({ subject }) => subject.includes('로그인 수단이 변경되었습니다')));
});

test('an identity that is linked already may be linked again, and nothing changes', async () => {
  const { as } = await member();
  const person = somebody();
  const first = await link(as, person);
  assert.equal(await link(as, person), first);
});

test('an identity of another account is not linked', async () => {
  const [one, another] = [await member(), await member()];
  const person = somebody();
  await link(one.as, person);
  const error = await refusal(link(another.as, person));
  assert.equal([error.code, reasonOf(error)], [status.ALREADY_EXISTS, 'IDENTITY_IN_USE']);
});

test('two accounts that link one identity at once: one of them has it', async () => {
  const person = somebody();
  const [one, another] = [await member(), await member()];
  const [ones, anothers] = [await comeBackToLink(one.as, person), await comeBackToLink(another.as, person)];
  const outcomes = await meeting('identity', [() => oauth.linkIdentity(ones, one.as), () => oauth.linkIdentity(anothers, another.as)]);
  const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [reasonOf(outcome.reason)] : []));
  assert.equal(refused, ['IDENTITY_IN_USE']);
});

test('an identity that is linked and signs up at once belongs to one account', async () => {
  const person = somebody();
  const { as } = await member();
  const [toLink, toSignIn] = [await comeBackToLink(as, person), await comeBack(person)];
  const outcomes = await meeting<unknown>('identity', [() => oauth.linkIdentity(toLink, as), () => oauth.finishOAuth(toSignIn)]);
  for (const outcome of outcomes) if (outcome.status === 'rejected') assert.is(reasonOf(outcome.reason), 'IDENTITY_IN_USE');
  const { rows } = await database.query('SELECT FROM identity WHERE subject = $1', [person.sub]);
  assert.is(rows.length, 1);
});

test('a flow that signs in links nothing, and a flow that links signs nobody in', async () => {
  const { as } = await member();
  const { flowToken, callback } = await comeBack(somebody());
  assert.is(reasonOf(await refusal(oauth.linkIdentity({ flowToken, callback }, as))), 'OAUTH_REFUSED');
  const toLink = await comeBackToLink(as, somebody());
  assert.is(reasonOf(await refusal(oauth.finishOAuth({ ...toLink, device: '' }))), 'OAUTH_REFUSED');
});

test("another account's flow is not finished, and stays", async () => {
  const [one, another] = [await member(), await member()];
  const toLink = await comeBackToLink(one.as, somebody());
  assert.is(reasonOf(await refusal(oauth.linkIdentity(toLink, another.as))), 'OAUTH_REFUSED');
  await oauth.linkIdentity(toLink, one.as);
});

test('linking and unlinking need somebody who has just signed in', async () => {
  const { as, email } = await member();
  const identity = await link(as, somebody());
  const toLink = await comeBackToLink(as, somebody());
  const { tokens } = await signIn(email);
  bed.shiftClock(SIXTEEN_MINUTES_MS);
  const { tokens: next } = await auth.refreshToken({ refreshToken: tokens.refreshToken });
  const stale = bearer(next!.accessToken);
  const calls = [
    oauth.startLink({ provider: 'google', redirectUri: REDIRECT_URI }, stale),
    oauth.linkIdentity(toLink, stale),
    oauth.unlinkIdentity({ identityId: identity.id }, stale),
  ];
  for (const error of await Promise.all(calls.map(refusal))) assert.is(reasonOf(error), 'FRESH_AUTH_NEEDED');
});

test('an identity that is taken off signs in no more: its person is a stranger', async () => {
  const { as, id, email } = await member();
  const person = somebody();
  const identity = await link(as, person);
  await oauth.unlinkIdentity({ identityId: identity.id }, as);
  assert.equal((await oauth.listIdentities(ALL, as)).identities, []);
  assert.is.not((await enter(person)).account.id, id);
  assert.is(reasonOf(await refusal(oauth.unlinkIdentity({ identityId: identity.id }, as))), 'IDENTITY_NOT_FOUND');
  assert.is((await mailbox.mails(email, 3)).filter(({ subject }) => subject.includes('로그인 수단')).length, 2);
});

test("another account's identity is neither seen nor taken off", async () => {
  const [one, another] = [await member(), await member()];
  const identity = await link(one.as, somebody());
  assert.equal((await oauth.listIdentities(ALL, another.as)).identities, []);
  assert.is(reasonOf(await refusal(oauth.unlinkIdentity({ identityId: identity.id }, another.as))), 'IDENTITY_NOT_FOUND');
  assert.is(reasonOf(await refusal(oauth.unlinkIdentity({ identityId: randomUUID() }, another.as))), 'IDENTITY_NOT_FOUND');
});

test('the last way to sign in stays', async () => {
  const { as } = await enter(somebody());
  const [only] = (await oauth.listIdentities(ALL, as)).identities;
  const error = await refusal(oauth.unlinkIdentity({ identityId: only!.id }, as));
  assert.equal([error.code, reasonOf(error)], [status.FAILED_PRECONDITION, 'LAST_SIGN_IN_METHOD']);
  await link(as, somebody(), 'strict');
  await oauth.unlinkIdentity({ identityId: only!.id }, as);
  assert.is((await oauth.listIdentities(ALL, as)).identities.length, 1);
});

test('of two that are taken off at once, the last stays', async () => {
  const { as } = await enter(verified());
  await link(as, somebody(), 'strict');
  const { identities } = await oauth.listIdentities(ALL, as);
  // Each has a mail to write, after all else.
  const outcomes = await meeting(
    'mail',
    identities.map(
      ({ id: identityId }) =>
        () =>
          oauth.unlinkIdentity({ identityId }, as),
    ),
  );
  const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [reasonOf(outcome.reason)] : []));
  assert.equal(refused, ['LAST_SIGN_IN_METHOD']);
});

test('identities are listed page by page, the newest first', async () => {
  const { as } = await member();
  const linked = [];
  for (let n = 0; n < 3; n++) linked.unshift((await link(as, somebody())).id);
  const first = await oauth.listIdentities({ pageSize: 2, pageToken: '' }, as);
  const rest = await oauth.listIdentities({ pageSize: 2, pageToken: first.nextPageToken }, as);
  assert.equal(
    [...first.identities, ...rest.identities].map(({ id }) => id),
    linked,
  );
  assert.is(rest.nextPageToken, '');
});

test('who is not signed in links nothing', async () => {
  const { flowToken, callback } = await comeBack(somebody());
  const calls = [
    oauth.startLink({ provider: 'google', redirectUri: REDIRECT_URI }),
    oauth.linkIdentity({ flowToken, callback }),
    oauth.unlinkIdentity({ identityId: randomUUID() }),
    oauth.listIdentities(ALL),
  ];
  for (const error of await Promise.all(calls.map(refusal))) assert.is(reasonOf(error), 'TOKEN_MISSING');
});

test.after(house.close);
test.run();
