// The rules of partners' clients, by themselves.
import { randomBytes, randomUUID } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  acceptsSecret,
  changed,
  checkScopes,
  etagOf,
  grantedScopes,
  isNewUse,
  newPartnerClient,
  type PartnerClient,
  reinstated,
  rotated,
  suspended,
} from '../src/domain/partner-client.js';
import { partnerSecretHashOf, writePartnerSecret } from '../src/domain/partner-secret.js';

const HOUR_MS = 3_600_000;
const at = new Date(0);
const later = (ms: number) => new Date(at.getTime() + ms);
const newHash = () => partnerSecretHashOf(writePartnerSecret(randomBytes(32)));
const clientWith = (facts: Partial<PartnerClient> = {}): PartnerClient => ({
  ...newPartnerClient({
    id: randomUUID(),
    name: 'toy',
    scopes: ['a', 'b'],
    rateClass: 'LOW',
    secretHash: newHash(),
    sessionId: randomUUID(),
    createTime: at,
  }),
  ...facts,
});
const reasonOf = (work: () => unknown) => {
  try {
    work();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
};

test('an old secret works up to the end of its overlap, and not at it', () => {
  const client = clientWith();
  const next = rotated(client, newHash(), 2, at);
  assert.ok(acceptsSecret(next, next.secretHash, later(9 * HOUR_MS)));
  assert.ok(acceptsSecret(next, client.secretHash, later(2 * HOUR_MS - 1)));
  assert.not(acceptsSecret(next, client.secretHash, later(2 * HOUR_MS)));
  assert.not(acceptsSecret(next, newHash(), at));
});

test('a rotation waits for the last overlap to end, unless it ends it', () => {
  const once = rotated(clientWith(), newHash(), 2, at);
  assert.is(
    reasonOf(() => rotated(once, newHash(), 1, later(2 * HOUR_MS - 1))),
    'SECRET_OVERLAP_RUNNING',
  );
  assert.is(
    reasonOf(() => rotated(once, newHash(), 1, later(2 * HOUR_MS))),
    undefined,
  );
  const alone = rotated(once, newHash(), 0, at);
  assert.equal([alone.oldSecretHash, alone.oldSecretExpireTime], [null, null]);
});

test('tokens go stale with what they say too much of', () => {
  const client = clientWith();
  const staleAfter = (next: PartnerClient | undefined) => next!.sessionVersion > client.sessionVersion;
  const change = (scopes: string[], mask: string[], rateClass: 'LOW' | 'HIGH' = 'LOW') =>
    changed(client, { scopes, rateClass }, mask, etagOf(client));
  assert.ok(staleAfter(change(['a'], ['scopes'])));
  assert.ok(staleAfter(change([], ['rate_class'], 'HIGH')));
  assert.not(staleAfter(change(['a', 'b', 'c'], ['scopes'])));
  assert.not(staleAfter(change([], ['rate_class'], 'LOW')));
  assert.ok(staleAfter(suspended(client)));
  assert.ok(staleAfter(rotated(client, newHash(), 0, at)));
  assert.not(staleAfter(rotated(client, newHash(), 1, at)));
});

test('a suspension and its end change what is not so already', () => {
  const client = clientWith();
  const out = suspended(client)!;
  assert.equal([out.state, suspended(out)], ['SUSPENDED', undefined]);
  const session = randomUUID();
  const back = reinstated(out, session)!;
  assert.equal([back.state, back.sessionId, reinstated(back, session)], ['ACTIVE', session, undefined]);
});

test('a token allows what is wanted of what there is', () => {
  const client = clientWith();
  assert.equal(grantedScopes(client, []), ['a', 'b']);
  assert.equal(grantedScopes(client, ['b', 'b']), ['b']);
  assert.is(
    reasonOf(() => grantedScopes(client, ['a', 'c'])),
    'SCOPE_NOT_GRANTED',
  );
  assert.equal(checkScopes(['b', 'a', 'b'], new Set(['a', 'b'])), ['a', 'b']);
  assert.is(
    reasonOf(() => checkScopes(['c'], new Set(['a', 'b']))),
    'SCOPE_UNKNOWN',
  );
});

test('a use is new when the last one told of is a minute ago', () => {
  assert.ok(isNewUse(clientWith(), at));
  const used = clientWith({ lastUseTime: at });
  assert.equal([isNewUse(used, later(59_999)), isNewUse(used, later(60_000))], [false, true]);
});

test.run();
