import { type Metadata, status } from '@grpc/grpc-js';
import { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import { reasonOf, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bearer, openAuth, PASSWORD, refusal } from './support.js';

const house = await openAuth('session-list');
const { auth, bed, signIn, signUp } = house;
const MINUTE_MS = 60_000;

async function onDevice(email: string, device: string) {
  const { tokens } = await auth.signIn({ email, password: PASSWORD, device });
  return { tokens: tokens!, as: bearer(tokens!.accessToken) };
}

const list = async (as: Metadata) => (await auth.listSessions({ pageSize: 0, pageToken: '' }, as)).sessions;

test('a person sees their sessions, the newest first, with device and last use, and which one asks', async () => {
  const email = await signUp();
  const phone = await onDevice(email, 'phone');
  bed.shiftClock(MINUTE_MS);
  const laptop = await onDevice(email, 'laptop');
  bed.shiftClock(MINUTE_MS);
  await auth.refreshToken({ refreshToken: phone.tokens.refreshToken });
  const sessions = await list(laptop.as);
  assert.equal(
    sessions.map(({ device, current }) => [device, current]),
    [
      ['laptop', true],
      ['phone', false],
    ],
  );
  const [{ lastUseTime: laptopUse }, { createTime, lastUseTime: phoneUse }] = [sessions[0]!, sessions[1]!];
  assert.ok(phoneUse! > laptopUse!);
  assert.ok(createTime! < laptopUse!);
});

test('one session is ended from another, and is refused within seconds; the others go on', async () => {
  const email = await signUp();
  const [phone, laptop] = [await onDevice(email, 'phone'), await onDevice(email, 'laptop')];
  const [, lost] = await list(laptop.as);
  await auth.signOut({ sessionId: lost!.id }, laptop.as);
  await until(async () => reasonOf(await refusal(list(phone.as))) === 'TOKEN_REFUSED');
  await refusal(auth.refreshToken({ refreshToken: phone.tokens.refreshToken }));
  assert.is((await list(laptop.as)).length, 1);
});

test("another person's session is not found, and goes on", async () => {
  const [mine, theirs] = [await signIn(await signUp()), await signIn(await signUp())];
  const { id } = (await list(bearer(theirs.tokens.accessToken)))[0]!;
  const error = await refusal(auth.signOut({ sessionId: id }, bearer(mine.tokens.accessToken)));
  assert.equal([error.code, reasonOf(error)], [status.NOT_FOUND, 'SESSION_NOT_FOUND']);
  await auth.refreshToken({ refreshToken: theirs.tokens.refreshToken });
});

test("signing out everywhere ends all of one's sessions, and nobody else's", async () => {
  const email = await signUp();
  const sessions = [await onDevice(email, 'a'), await onDevice(email, 'b'), await onDevice(email, 'c')];
  const other = await signIn(await signUp());
  await auth.signOutEverywhere({}, sessions[1]!.as);
  for (const { as, tokens } of sessions) {
    await until(async () => reasonOf(await refusal(list(as))) === 'TOKEN_REFUSED');
    assert.is(reasonOf(await refusal(auth.refreshToken({ refreshToken: tokens.refreshToken }))), 'REFRESH_TOKEN_REFUSED');
  }
  assert.is((await list(bearer(other.tokens.accessToken))).length, 1);
});

test('another copy of the service refuses an ended session, too', async () => {
  const copy = await house.start();
  const { tokens } = await signIn(await signUp());
  const elsewhere = bed.connect(AuthServiceDefinition, copy.address);
  await elsewhere.getMyAccount({}, bearer(tokens.accessToken));
  await auth.signOut({ sessionId: '' }, bearer(tokens.accessToken));
  await until(async () => reasonOf(await refusal(elsewhere.getMyAccount({}, bearer(tokens.accessToken)))) === 'TOKEN_REFUSED');
  await copy.stop();
});

test('long lists come in pages', async () => {
  const email = await signUp();
  const devices = ['one', 'two', 'three'];
  for (const device of devices) await onDevice(email, device);
  const { as } = await onDevice(email, 'asking');
  const seen: string[] = [];
  for (let pageToken = ''; ; ) {
    const page = await auth.listSessions({ pageSize: 3, pageToken }, as);
    seen.push(...page.sessions.map(({ id }) => id));
    pageToken = page.nextPageToken;
    if (!pageToken) break;
  }
  assert.is(new Set(seen).size, 4);
});

test('a session that nobody has named is called as its program calls itself', async () => {
  const { as } = await onDevice(await signUp(), '');
  assert.match((await list(as))[0]!.device, /^grpc-node-js/);
});

test.after(() => house.close());
test.run();
