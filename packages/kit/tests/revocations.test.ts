import { randomUUID } from 'node:crypto';
import { type Metadata, status } from '@grpc/grpc-js';
import { SessionRevoked } from '@moa/contracts/auth/v1/auth_events';
import { UserServiceDefinition } from '@moa/contracts/user/v1/user_service';
import { openEvents, openTestbed, reasonOf, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openHost, realClock } from '../src/index.js';
import { openRevocations, type RevokedSession } from '../src/revocations.js';
import { configAs, errorOf, implement } from './support.js';

const bed = await openTestbed('revocations');
const events = await openEvents(bed);

async function startUser() {
  const host = await openHost('user', await configAs(bed, 'user', 'user'));
  host.serve(UserServiceDefinition, implement(UserServiceDefinition, { getProfile: async () => ({ profile: undefined }) }));
  const running = await host.listen();
  const client = bed.connect(UserServiceDefinition, running.address);
  return { call: (as: Metadata) => client.getProfile({}, as), stop: running.stop };
}

const isRefused = (answer: Promise<unknown>) =>
  answer.then(
    () => false,
    (error) => error.code === status.UNAUTHENTICATED && reasonOf(error) === 'TOKEN_REFUSED',
  );

test('a token that was good a moment ago is refused once its session is revoked, and others go on', async () => {
  const { call, stop } = await startUser();
  const [one, other] = [randomUUID(), randomUUID()];
  const [as, asOther] = [await bed.as(one), await bed.as(other)];
  await call(as);
  await call(asOther);
  bed.revoke(one);
  await until(() => isRefused(call(as)));
  await call(asOther);
  await stop();
});

test('the event alone is enough, and comes before the list is asked again', async () => {
  const { call, stop } = await startUser();
  const accountId = randomUUID();
  const as = await bed.as(accountId);
  await call(as);
  await events.publish(SessionRevoked, { accountId, sessionId: accountId, version: 2n });
  await until(() => isRefused(call(as)));
  await stop();
});

test('a revoked session may have newer tokens, which hold', async () => {
  const { call, stop } = await startUser();
  const accountId = randomUUID();
  const stale = await bed.as(accountId);
  bed.revoke(accountId);
  const fresh = await bed.as(accountId);
  await until(() => isRefused(call(stale)));
  await call(fresh);
  await stop();
});

test('a service that was away meanwhile refuses from its first call on', async () => {
  const accountId = randomUUID();
  const as = await bed.as(accountId);
  bed.revoke(accountId);
  const { call, stop } = await startUser();
  assert.ok(await isRefused(call(as)));
  await stop();
});

test('before auth has said what is revoked, no token is believed, and none is called wrong', async () => {
  const host = await openHost('user', { ...(await configAs(bed, 'user', 'user')), AUTH_ADDRESS: '127.0.0.1:1' });
  host.serve(UserServiceDefinition, implement(UserServiceDefinition, { getProfile: async () => ({ profile: undefined }) }));
  const running = await host.listen();
  const error = await errorOf(bed.connect(UserServiceDefinition, running.address).getProfile({}, await bed.as(randomUUID())));
  assert.equal([error.code, reasonOf(error)], [status.UNAVAILABLE, 'KEYS_UNAVAILABLE']);
  await running.stop();
});

test('each question goes back a little further than the last one, also when the clock was set back', async () => {
  const asked: Date[] = [];
  let nowMs = Date.UTC(2026, 10, 1);
  const list = async (since: Date): Promise<RevokedSession[]> => {
    asked.push(since);
    return [];
  };
  const revocations = openRevocations(list, { now: () => new Date(nowMs) });
  await revocations.ready();
  await revocations.ready();
  assert.is(asked.length, 1);
  assert.ok(nowMs - asked[0]!.getTime() > 600_000, 'as far back as a token lives');
  await revocations.refresh();
  assert.ok(asked[1]!.getTime() < nowMs && asked[1]! > asked[0]!);
  nowMs -= 86_400_000;
  await revocations.refresh();
  assert.ok(asked[2]!.getTime() < nowMs);
});

test('what is older than any token is forgotten', async () => {
  let nowMs = Date.now();
  const revocations = openRevocations(async () => [], { now: () => new Date(nowMs) });
  revocations.add({ sessionId: 'a', version: 3, revokeTime: new Date(nowMs) });
  revocations.add({ sessionId: 'a', version: 2, revokeTime: new Date(nowMs) });
  assert.ok(revocations.includes('a', 2));
  assert.not.ok(revocations.includes('a', 3));
  nowMs += 3_600_000;
  await revocations.refresh();
  assert.not.ok(revocations.includes('a', 2));
});

test('a first question that fails is asked again by whoever comes next', async () => {
  let questions = 0;
  const revocations = openRevocations(async () => {
    if (questions++ === 0) throw new Error('away');
    return [];
  }, realClock);
  await revocations.ready().then(
    () => assert.unreachable(),
    () => {},
  );
  await revocations.ready();
  assert.is(questions, 2);
});

test.after(async () => {
  await events.close();
  await bed.close();
});
test.run();
