import { AuditEntry_Action } from '@moa/contracts/auth/v1/audit';
import { until } from '@moa/testkit';
import { decodeProtectedHeader } from 'jose';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ADMIN, bearer, codeOf, openAuth, PASSWORD } from './support.js';

const house = await openAuth('signing-key-age');
const { bed, database, meetAt, signUp } = house;
const DAY_MS = 86_400_000;
const email = await signUp();

const keys = async () =>
  (await database.query<{ kid: string }>('SELECT kid FROM signing_key ORDER BY create_time')).rows.map(({ kid }) => kid);

/** A copy looks at the age of the keys when it starts, and every hour. */
async function startCopies(count: number): Promise<void> {
  const copies = await Promise.all(Array.from({ length: count }, () => house.start()));
  // Each has looked once its job has ended: it is stopped only then.
  await Promise.all(copies.map((copy) => copy.stop()));
}

test('a key that is younger than a month goes on', async () => {
  bed.shiftClock(29 * DAY_MS);
  await startCopies(2);
  assert.is((await keys()).length, 1);
});

test('a key that has come of age is followed by one other, however many copies see it', async () => {
  const [old] = await keys();
  bed.shiftClock(2 * DAY_MS);
  // Both have seen that it is old before either goes on.
  const copies = await meetAt('LOCK TABLE signing_key IN SHARE MODE', 2, () => Promise.all([house.start(), house.start()]));
  await Promise.all(copies.map(({ stop }) => stop()));
  const [, next, ...more] = await keys();
  assert.ok(next);
  assert.equal(more, []);

  const copy = await house.start();
  const kidAt = async () =>
    decodeProtectedHeader((await copy.auth.signIn({ email, password: PASSWORD, device: '' })).tokens!.accessToken).kid;
  assert.is(await kidAt(), old);
  bed.shiftClock(11 * 60_000);
  assert.is(await kidAt(), next);
  assert.equal(
    (await copy.auth.getJwks({})).keys.map(({ kid }) => kid),
    [old, next],
  );
});

test('that is in the audit trail, as nobody’s doing', async () => {
  const { tokens } = await house.signInWithCode(ADMIN.email, ADMIN.password, codeOf(ADMIN.totpSecret, bed.now()));
  const filter = { subject: '', actor: 'system', fromTime: undefined, toTime: undefined, pageSize: 0, pageToken: '' };
  const { entries } = await house.admin.listAuditEntries(filter, bearer(tokens.accessToken));
  assert.equal(
    entries.map(({ action, subject, requestId }) => ({ action, subject, requestId })),
    [{ action: AuditEntry_Action.ACTION_ROTATE_SIGNING_KEY, subject: (await keys())[1], requestId: '' }],
  );
});

test('how old a key may get is a setting', async () => {
  bed.shiftClock(3 * DAY_MS);
  const before = await keys();
  await startCopies(1);
  assert.equal(await keys(), before);
  const copy = await house.start({ SIGNING_KEY_DAYS: '2' });
  await until(async () => (await keys()).length === before.length + 1);
  await copy.stop();
});

test.after(house.close);
test.run();
