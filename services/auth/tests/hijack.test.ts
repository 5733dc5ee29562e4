// Account pre-hijacking (Sudhodanan and Paverd, USENIX Security 2022) without another provider: an attacker signs up with an address before
// its owner does. With one: oauth-hijack.test.ts.
import { moaServices } from '@moa/contracts/descriptors';
import { reasonOf, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tokenIn } from './mailbox.js';
import { bearer, openAuth, refusal } from './support.js';

const house = await openAuth('hijack');
const { auth, bed, mails, signIn, signUp } = house;
const [ATTACKERS, OWNERS] = ["the attacker's password", "the owner's password"];
const MAIL_GAP_MS = 3 * 60_000;

/** An account that an attacker opened with somebody's address, and is signed in to. */
async function hijacked() {
  const email = await signUp(undefined, ATTACKERS);
  const { tokens } = await signIn(email, ATTACKERS);
  return { email, tokens, as: bearer(tokens.accessToken), verification: tokenIn((await mails(email, 1))[0]!) };
}

async function resetBy(email: string) {
  bed.shiftClock(MAIL_GAP_MS);
  await auth.requestPasswordReset({ email });
  await auth.resetPassword({ token: tokenIn((await mails(email, 2))[0]!), newPassword: OWNERS });
}

test('unexpired session: a reset by the owner ends what the attacker kept open, within seconds', async () => {
  const { email, tokens, as } = await hijacked();
  await resetBy(email);
  await until(async () => reasonOf(await refusal(auth.getMyAccount({}, as))) === 'TOKEN_REFUSED');
  assert.is(reasonOf(await refusal(auth.refreshToken({ refreshToken: tokens.refreshToken }))), 'REFRESH_TOKEN_REFUSED');
  assert.is(reasonOf(await refusal(signIn(email, ATTACKERS))), 'SIGN_IN_REFUSED');
  const { account } = await signIn(email, OWNERS);
  const { sessions } = await auth.listSessions({ pageSize: 0, pageToken: '' }, bearer((await signIn(email, OWNERS)).tokens.accessToken));
  assert.ok(account.emailVerified);
  assert.is(sessions.length, 2, 'the two of the owner');
});

test('trojan identifier: an attacker leaves no second factor behind in an account whose address is not theirs', async () => {
  const { email, as } = await hijacked();
  assert.is(reasonOf(await refusal(auth.enrollTotp({}, as))), 'EMAIL_NOT_VERIFIED');
  await resetBy(email);
  const owner = await signIn(email, OWNERS);
  assert.not.ok((await auth.getMyAccount({}, bearer(owner.tokens.accessToken))).hasSecondFactor);
});

test('classic merge: the owner who opens the mail verifies nothing for the attacker, not even when signed in to another account', async () => {
  const { as, verification } = await hijacked();
  assert.is(reasonOf(await refusal(auth.verifyEmail({ token: verification }))), 'TOKEN_MISSING');
  const elsewhere = await signIn(await signUp());
  assert.is(
    reasonOf(await refusal(auth.verifyEmail({ token: verification }, bearer(elsewhere.tokens.accessToken)))),
    'VERIFICATION_REFUSED',
  );
  assert.not.ok((await auth.getMyAccount({}, as)).account!.emailVerified);
});

test('unexpired change of address: no RPC changes an address', () => {
  const taking = moaServices()
    .filter(({ typeName }) => typeName.startsWith('moa.auth.'))
    .flatMap(({ methods }) => methods)
    .filter(({ input }) => input.fields.some(({ name }) => /email/.test(name)))
    .map(({ name }) => name);
  assert.equal(taking.toSorted(), ['GetAccount', 'RequestPasswordReset', 'SignIn', 'SignUp']);
});

test.after(() => house.close());
test.run();
