// Guessing, from one place and from many. The waits are Redis's own clock, so they are read, and hardly ever waited for.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Metadata, status } from '@grpc/grpc-js';
import { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import { reasonOf, retryAfterMsOf } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { networkOf } from '../src/domain/network.js';
import { openAuth, PASSWORD, refusal } from './support.js';

const house = await openAuth('throttle');
const { auth, bed, signUp } = house;

let networks = 0;
/** An address that nobody has called from. */
const anywhere = () => `198.51.${Math.floor(++networks / 250)}.${networks % 250}`;

/** As Envoy passes it on. */
function from(address: string): Metadata {
  const metadata = new Metadata();
  metadata.set('x-envoy-external-address', address);
  return metadata;
}

const signIn = (email: string, password: string, address: string) => auth.signIn({ email, password, device: '' }, from(address));

/** The reasons that so many guesses at once are refused for, each from the address that is made for it. */
async function guesses(count: number, email: () => string, address: () => string): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  const one = async () => {
    const reason = reasonOf(await refusal(signIn(email(), 'a guess', address()))) ?? '';
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  };
  // Few at once, or some would be told that too many wait for their hash.
  for (let done = 0; done < count; done += 10) await Promise.all(Array.from({ length: Math.min(10, count - done) }, one));
  return counts;
}

const always = (value: string) => () => value;

test('guessing is slowed down, for a known and for an unknown address, and never locks for good', async () => {
  for (const email of [await signUp(), `${randomUUID()}@moa.example`]) {
    const address = anywhere();
    await guesses(9, always(email), always(address));
    // An attempt counts when it begins: the one right behind it is told how long to wait.
    const guessAndTryAgain = () => Promise.all([signIn(email, 'a guess', address), signIn(email, PASSWORD, address)].map(refusal));
    const [tenth, slowed] = await guessAndTryAgain();
    assert.is(reasonOf(tenth), 'SIGN_IN_REFUSED');
    assert.equal([slowed!.code, reasonOf(slowed)], [status.RESOURCE_EXHAUSTED, 'SIGN_IN_THROTTLED']);
    assert.ok(retryAfterMsOf(slowed)! > 0 && retryAfterMsOf(slowed)! <= 1_000);
    await sleep(retryAfterMsOf(slowed)!);
    const [next, longer] = await guessAndTryAgain();
    assert.is(reasonOf(next), 'SIGN_IN_REFUSED');
    assert.ok(retryAfterMsOf(longer)! > 1_000 && retryAfterMsOf(longer)! <= 2_000, `${retryAfterMsOf(longer)} ms`);
  }
});

test('the right password takes the earlier failures back', async () => {
  const [email, address] = [await signUp(), anywhere()];
  for (let round = 0; round < 3; round++) {
    await guesses(6, always(email), always(address));
    await signIn(email, PASSWORD, address);
  }
});

test("whoever guesses at somebody's account does not keep them out", async () => {
  const [email, thief, home] = [await signUp(), anywhere(), anywhere()];
  assert.ok((await guesses(30, always(email), always(thief))).get('SIGN_IN_THROTTLED')! > 0);
  await signIn(email, PASSWORD, home);
});

test('guesses from everywhere are slowed down together, and the owner still gets in from where they were before', async () => {
  const [email, home] = [await signUp(), anywhere()];
  await signIn(email, PASSWORD, home);
  const outcomes = await guesses(60, always(email), anywhere);
  assert.ok(outcomes.get('SIGN_IN_REFUSED')! <= 51 && outcomes.get('SIGN_IN_THROTTLED')! >= 9, JSON.stringify([...outcomes]));
  await signIn(email, PASSWORD, home);
  assert.is(reasonOf(await refusal(signIn(email, PASSWORD, anywhere()))), 'SIGN_IN_THROTTLED');
});

test('one network that guesses at many accounts is slowed down, and nobody else is', async () => {
  const address = anywhere();
  const outcomes = await guesses(110, () => `${randomUUID()}@moa.example`, always(address));
  assert.ok(outcomes.get('SIGN_IN_REFUSED')! <= 101 && outcomes.get('SIGN_IN_THROTTLED')! >= 9, JSON.stringify([...outcomes]));
  const email = await signUp();
  assert.is(reasonOf(await refusal(signIn(email, PASSWORD, address))), 'SIGN_IN_THROTTLED');
  await signIn(email, PASSWORD, anywhere());
});

test('right passwords do not use up what a network has', async () => {
  const [email, address] = [await signUp(), anywhere()];
  for (let round = 0; round < 12; round++) await Promise.all(Array.from({ length: 9 }, () => signIn(email, PASSWORD, address)));
  await signIn(email, PASSWORD, address);
});

test('the header counts only when Envoy sends it', async () => {
  const [email, address] = [await signUp(), anywhere()];
  await guesses(30, always(email), always(address));
  const straight = bed.connect(AuthServiceDefinition, house.address, { as: 'funding' });
  // From no network at all, whatever it says.
  await straight.signIn({ email, password: PASSWORD, device: '' }, from(address));
});

test('a network is an address, or the first half of an IPv6 one', () => {
  assert.is(networkOf('192.0.2.7'), '192.0.2.7');
  assert.is(networkOf('2001:db8:1:2:3:4:5:6'), networkOf('2001:0DB8:0001:0002::9'));
  assert.is(networkOf('2001:db8::1'), '2001:db8:0:0');
  assert.is(networkOf('::1'), '0:0:0:0');
  assert.is.not(networkOf('2001:db8:0:1::1'), networkOf('2001:db8:0:2::1'));
  assert.is(networkOf(undefined), 'none');
});

test('without Redis sign-in goes on', async () => {
  const email = await signUp();
  const { auth: alone } = await house.start({ REDIS_URL: 'redis://127.0.0.1:1' });
  for (let attempt = 0; attempt < 12; attempt++) {
    assert.is(reasonOf(await refusal(alone.signIn({ email, password: 'a guess', device: '' }))), 'SIGN_IN_REFUSED');
  }
  const { tokens } = await alone.signIn({ email, password: PASSWORD, device: '' });
  assert.ok(tokens);
});

test.after(() => house.close());
test.run();
