import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { type AuditEntry, AuditEntry_Action } from '@moa/contracts/auth/v1/audit';
import { PartnerClient_RateClass } from '@moa/contracts/auth/v1/partner';
import { listRpcs } from '@moa/contracts/descriptors';
import { Role } from '@moa/contracts/options/v1/options';
import { SellerApproved } from '@moa/contracts/seller/v1/seller_events';
import { makePageToken } from '@moa/kit';
import { openEvents, reasonOf, until } from '@moa/testkit';
import pg from 'pg';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ADMIN, bearer, openAuth, refusal } from './support.js';

const house = await openAuth('audit');
const { admin, asAdmin, bed, partners, signIn, signUp, staff } = house;
const { DATABASE_URL } = await bed.environment('auth');
const events = await openEvents(bed);
const {
  ACTION_CREATE_PARTNER_CLIENT,
  ACTION_GRANT_ROLE,
  ACTION_REINSTATE_ACCOUNT,
  ACTION_REINSTATE_PARTNER_CLIENT,
  ACTION_REVOKE_ROLE,
  ACTION_ROTATE_PARTNER_SECRET,
  ACTION_ROTATE_SIGNING_KEY,
  ACTION_SUSPEND_ACCOUNT,
  ACTION_SUSPEND_PARTNER_CLIENT,
  ACTION_UPDATE_PARTNER_CLIENT,
} = AuditEntry_Action;

const NONE = { subject: '', actor: '', fromTime: undefined, toTime: undefined, pageSize: 100, pageToken: '' };
const list = async (filter: Partial<typeof NONE> | { fromTime?: Date; toTime?: Date }, as = asAdmin()) =>
  admin.listAuditEntries({ ...NONE, ...filter }, await as);
const trailOf = async (subject: string) => (await list({ subject })).entries.reverse();
const adminId = (await admin.getAccount({ by: { $case: 'email', value: ADMIN.email } }, await asAdmin())).account!.id;

async function personId(): Promise<string> {
  return (await signIn(await signUp())).account.id;
}

const told = ({ actor, action, reason, facts }: AuditEntry) => ({ actor, action, reason, facts });

test('what is done to an account is written down: who, what, why, and by which request', async () => {
  const accountId = await personId();
  const requestIds = Array.from({ length: 4 }, () => randomUUID());
  const [granting, revoking, suspending, reinstating] = requestIds as [string, string, string, string];
  await admin.grantRole({ requestId: granting, accountId, role: Role.ROLE_COMPLIANCE, reason: '인사 발령' }, await asAdmin());
  await admin.revokeRole({ requestId: revoking, accountId, role: Role.ROLE_COMPLIANCE }, await asAdmin());
  await admin.suspendAccount({ requestId: suspending, accountId, reason: '사칭 신고' }, await asAdmin());
  await admin.reinstateAccount({ requestId: reinstating, accountId, reason: '오해였음' }, await asAdmin());
  const entries = await trailOf(accountId);
  assert.equal(entries.map(told), [
    { actor: adminId, action: ACTION_GRANT_ROLE, reason: '인사 발령', facts: { role: 'COMPLIANCE' } },
    { actor: adminId, action: ACTION_REVOKE_ROLE, reason: '', facts: { role: 'COMPLIANCE' } },
    { actor: adminId, action: ACTION_SUSPEND_ACCOUNT, reason: '사칭 신고', facts: {} },
    { actor: adminId, action: ACTION_REINSTATE_ACCOUNT, reason: '오해였음', facts: {} },
  ]);
  assert.equal(
    entries.map(({ requestId }) => requestId),
    requestIds,
  );
});

test('what is done to a client of a partner is written down, without its secrets', async () => {
  const requestId = () => randomUUID();
  const { client } = await partners.createPartnerClient(
    { requestId: requestId(), name: '배송 연동', scopes: ['sellers:read'], rateClass: PartnerClient_RateClass.RATE_CLASS_LOW },
    await asAdmin(),
  );
  const { id: clientId, etag } = client!;
  const change = { scopes: ['ledger:read'], rateClass: PartnerClient_RateClass.RATE_CLASS_HIGH };
  const updateMask = ['scopes', 'rate_class'];
  await partners.updatePartnerClient({ requestId: requestId(), clientId, client: change, updateMask, etag }, await asAdmin());
  await partners.rotatePartnerSecret({ requestId: requestId(), clientId, overlapHours: 24 }, await asAdmin());
  await partners.suspendPartnerClient({ requestId: requestId(), clientId, reason: '계약 종료' }, await asAdmin());
  await partners.reinstatePartnerClient({ requestId: requestId(), clientId, reason: '재계약' }, await asAdmin());
  const by = { actor: adminId, reason: '' };
  assert.equal((await trailOf(clientId)).map(told), [
    { ...by, action: ACTION_CREATE_PARTNER_CLIENT, facts: { name: '배송 연동', scopes: 'sellers:read', rateClass: 'LOW' } },
    {
      ...by,
      action: ACTION_UPDATE_PARTNER_CLIENT,
      facts: { scopes: 'ledger:read', scopesBefore: 'sellers:read', rateClass: 'HIGH', rateClassBefore: 'LOW' },
    },
    { ...by, action: ACTION_ROTATE_PARTNER_SECRET, facts: { overlapHours: '24' } },
    { ...by, action: ACTION_SUSPEND_PARTNER_CLIENT, reason: '계약 종료', facts: {} },
    { ...by, action: ACTION_REINSTATE_PARTNER_CLIENT, reason: '재계약', facts: {} },
  ]);
});

test('a rotation of the signing key is written down under the key', async () => {
  const { key } = await admin.rotateSigningKey({ requestId: randomUUID() }, await asAdmin());
  const [entry] = await trailOf(key!.kid);
  assert.equal([entry!.actor, entry!.action, Object.keys(entry!.facts)], [adminId, ACTION_ROTATE_SIGNING_KEY, ['signTime']]);
});

test('a role that an event gives is written down as its service’s doing', async () => {
  const sellerId = await personId();
  await events.publish(SellerApproved, { sellerId });
  const [entry] = await until(async () => {
    const entries = await trailOf(sellerId);
    return entries.length > 0 && entries;
  });
  assert.equal(told(entry!), { actor: 'service:seller', action: ACTION_GRANT_ROLE, reason: '', facts: { role: 'SELLER' } });
  assert.is(entry!.requestId, '');
});

test('what changes nothing, what is refused, and what is asked for twice leaves no further entry', async () => {
  const accountId = await personId();
  const request = { requestId: randomUUID(), accountId, role: Role.ROLE_SELLER };
  for (let time = 0; time < 2; time++) await admin.grantRole(request, await asAdmin());
  await admin.grantRole({ ...request, requestId: randomUUID() }, await asAdmin());
  await refusal(admin.revokeRole({ ...request, requestId: randomUUID(), role: Role.ROLE_USER }, await asAdmin()));
  assert.is((await trailOf(accountId)).length, 1);
  await refusal(admin.suspendAccount({ requestId: randomUUID(), accountId: adminId, reason: '-' }, await asAdmin()));
  assert.is((await trailOf(adminId)).length, 0);
});

const asService = (work: (client: pg.Client) => Promise<void>) => connected(DATABASE_URL!, work);

async function connected(connectionString: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

test('nobody edits the trail: neither the service nor who owns the table', async () => {
  const edit = async (client: pg.Client) => {
    for (const change of ["UPDATE audit_entry SET reason = 'nothing'", 'DELETE FROM audit_entry', 'TRUNCATE audit_entry']) {
      const error = await client.query(change).catch((thrown) => thrown);
      assert.match(String(error.message), /append only|permission denied/, change);
    }
  };
  await asService(edit);
  await connected(await bed.databaseUrl('auth'), edit);
});

test("the service's role has no right to change the trail, and cannot switch the guard off", () =>
  asService(async (client) => {
    for (const trick of [
      'DELETE FROM audit_entry WHERE false',
      'ALTER TABLE audit_entry DISABLE TRIGGER append_only',
      'DROP TRIGGER append_only ON audit_entry',
      "SET session_replication_role = 'replica'",
    ]) {
      const error = await client.query(trick).catch((thrown) => thrown);
      assert.match(String(error.message), /permission denied|must be owner/, trick);
    }
    // Postgres only warns of rights that are not one's own to give.
    await client.query('GRANT UPDATE ON audit_entry TO CURRENT_USER');
    const { rows } = await client.query("SELECT has_table_privilege('audit_entry', 'UPDATE, DELETE, TRUNCATE') AS may");
    assert.equal(rows, [{ may: false }]);
  }));

test('the trail is read newest first: by subject, by actor, by time, page by page, each entry once', async () => {
  const other = await staff(Role.ROLE_ADMIN);
  const accountId = await personId();
  bed.shiftClock(60_000);
  const fromTime = bed.now();
  for (const role of [Role.ROLE_SELLER, Role.ROLE_COMPLIANCE]) {
    await admin.grantRole({ requestId: randomUUID(), accountId, role }, await asAdmin());
  }
  bed.shiftClock(60_000);
  const toTime = bed.now();
  await admin.grantRole({ requestId: randomUUID(), accountId: await personId(), role: Role.ROLE_SELLER }, other.as);
  for (const role of [Role.ROLE_COMPLIANCE, Role.ROLE_SELLER]) {
    await admin.revokeRole({ requestId: randomUUID(), accountId, role }, other.as);
  }

  const actions = async (filter: object) => (await list(filter)).entries.map(({ action, facts }) => `${action} ${facts['role']}`);
  const revoked = [`${ACTION_REVOKE_ROLE} SELLER`, `${ACTION_REVOKE_ROLE} COMPLIANCE`];
  const granted = [`${ACTION_GRANT_ROLE} COMPLIANCE`, `${ACTION_GRANT_ROLE} SELLER`];
  assert.equal(await actions({ subject: accountId }), [...revoked, ...granted]);
  assert.equal(await actions({ actor: other.id }), [...revoked, `${ACTION_GRANT_ROLE} SELLER`]);
  assert.equal(await actions({ subject: accountId, actor: other.id }), revoked);
  assert.equal(await actions({ fromTime, toTime }), granted);
  assert.equal(await actions({ subject: accountId, fromTime: toTime }), revoked);

  const seen: string[] = [];
  let pageToken = '';
  do {
    const page = await list({ subject: accountId, pageSize: 3, pageToken });
    seen.push(...page.entries.map(({ id }) => id));
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  assert.equal(
    seen,
    (await list({ subject: accountId })).entries.map(({ id }) => id),
  );
});

test('a page token of another list, or a made-up one, is refused', async () => {
  const { nextPageToken } = await list({ pageSize: 1 });
  const madeUp = makePageToken(['never', '1'], ['', '', undefined, undefined]);
  for (const filter of [{ actor: adminId, pageToken: nextPageToken }, { pageToken: 'x' }, { pageToken: madeUp }]) {
    assert.is(reasonOf(await refusal(list(filter))), 'PAGE_TOKEN_INVALID');
  }
});

test('admins and compliance staff read the trail, and nobody else', async () => {
  const compliance = await staff(Role.ROLE_COMPLIANCE);
  assert.ok((await list({}, Promise.resolve(compliance.as))).entries.length > 0);
  const person = bearer((await signIn(await signUp())).tokens.accessToken);
  assert.is((await refusal(admin.listAuditEntries(NONE, person))).code, status.PERMISSION_DENIED);
  assert.is((await refusal(admin.listAuditEntries(NONE))).code, status.UNAUTHENTICATED);
});

test('whatever staff change here asks for a fresh sign-in, and for a request_id', () => {
  const changing = listRpcs().filter(
    ({ service, method }) => /\.(AccountAdmin|PartnerAdmin)Service$/.test(service) && !/^(Get|List)/.test(method),
  );
  assert.ok(changing.length > 0);
  for (const { path, freshAuthMinutes, repeatable } of changing) assert.equal([freshAuthMinutes, repeatable], [15, true], path);
});

test.after(async () => {
  await events.close();
  await house.close();
});
test.run();
