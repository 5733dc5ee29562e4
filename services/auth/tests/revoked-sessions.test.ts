import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { AccountServiceDefinition } from '@moa/contracts/auth/v1/account_service';
import { Role } from '@moa/contracts/options/v1/options';
import { reasonOf } from '@moa/testkit';
import { decodeJwt } from 'jose';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bearer, openAuth, refusal } from './support.js';

const house = await openAuth('revoked-sessions');
const { accounts, address, admin, asAdmin, auth, bed, signIn, signUp } = house;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

async function person() {
  const { account, tokens } = await signIn(await signUp());
  const { sid, sv } = decodeJwt(tokens.accessToken) as { sid: string; sv: number };
  return { id: account.id, sid, sv, tokens, as: bearer(tokens.accessToken) };
}

const ago = (ms: number) => new Date(bed.now().getTime() - ms);
const revokedSince = async (sinceTime: Date) => (await accounts.listRevokedSessions({ sinceTime, pageSize: 100, pageToken: '' })).sessions;

test('services are told which sessions have ended, and nothing of those that live', async () => {
  const [gone, there] = [await person(), await person()];
  await auth.signOut({ sessionId: '' }, gone.as);
  const sessions = await revokedSince(ago(MINUTE_MS));
  const told = sessions.find(({ sessionId }) => sessionId === gone.sid)!;
  assert.ok(told.version > gone.sv);
  assert.not.ok(sessions.some(({ sessionId }) => sessionId === there.sid));
});

test('an account that loses a role has its tokens revoked, while its sessions go on', async () => {
  const { id, sid, sv, tokens } = await person();
  const change = { accountId: id, role: Role.ROLE_SELLER };
  await admin.grantRole({ requestId: randomUUID(), ...change }, await asAdmin());
  assert.not.ok(
    (await revokedSince(ago(MINUTE_MS))).some(({ sessionId }) => sessionId === sid),
    'gaining one revokes nothing',
  );
  await admin.revokeRole({ requestId: randomUUID(), ...change }, await asAdmin());
  const told = (await revokedSince(ago(MINUTE_MS))).find(({ sessionId }) => sessionId === sid)!;
  const next = (await auth.refreshToken({ refreshToken: tokens.refreshToken })).tokens!;
  assert.ok(told.version > sv);
  assert.is(Number(told.version), decodeJwt(next.accessToken)['sv']);
  assert.ok((await accounts.getSession({ sessionId: sid })).authTime);
});

test('what was revoked before the time asked for is left out, and long lists come in pages', async () => {
  const before = await person();
  await auth.signOut({ sessionId: '' }, before.as);
  bed.shiftClock(MINUTE_MS);
  const since = bed.now();
  const gone = await Promise.all(Array.from({ length: 5 }, person));
  await Promise.all(gone.map(({ as }) => auth.signOut({ sessionId: '' }, as)));
  const seen: string[] = [];
  for (let pageToken = ''; ; ) {
    const page = await accounts.listRevokedSessions({ sinceTime: since, pageSize: 2, pageToken });
    assert.ok(page.sessions.length <= 2);
    seen.push(...page.sessions.map(({ sessionId }) => sessionId));
    pageToken = page.nextPageToken;
    if (!pageToken) break;
  }
  assert.equal(new Set(seen), new Set(gone.map(({ sid }) => sid)));
  assert.is(seen.length, 5);
});

test('a session tells when its owner was last seen to be there; one that ended or expired tells nothing', async () => {
  const { sid, as } = await person();
  const { authTime } = await accounts.getSession({ sessionId: sid });
  assert.ok(Math.abs(authTime!.getTime() - bed.now().getTime()) < MINUTE_MS);
  const idle = await person();
  await auth.signOut({ sessionId: '' }, as);
  assert.is((await accounts.getSession({ sessionId: sid })).authTime, undefined);
  assert.is((await accounts.getSession({ sessionId: randomUUID() })).authTime, undefined);
  bed.shiftClock(15 * DAY_MS);
  assert.is((await accounts.getSession({ sessionId: idle.sid })).authTime, undefined);
});

test('a service that is not on the list is told nothing', async () => {
  for (const as of ['envoy', 'stranger', 'gateway']) {
    const client = bed.connect(AccountServiceDefinition, address, { as });
    for (const call of [
      client.getSession({ sessionId: randomUUID() }),
      client.listRevokedSessions({ sinceTime: bed.now(), pageSize: 0, pageToken: '' }),
    ]) {
      const error = await refusal(call);
      assert.equal([error.code, reasonOf(error)], [status.PERMISSION_DENIED, 'CALLER_NOT_ALLOWED']);
    }
  }
});

test.after(() => house.close());
test.run();
