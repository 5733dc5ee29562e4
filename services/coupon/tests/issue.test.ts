// Codes, lists, and coupons that come by themselves.
import { randomUUID } from 'node:crypto';
import { AccountCreated } from '@moa/contracts/auth/v1/auth_events';
import { CampaignTerms_CodeKind, IssueJob_State } from '@moa/contracts/coupon/v1/coupon';
import { killServices, openEvents, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { spawnCoupon } from './child-process.js';
import { bed, campaign, closeBed, openCoupon, refusal, sql, staff } from './support.js';

const clients = await openCoupon();
const { coupons, admin, stop } = clients;
const { STATE_DONE, STATE_STOPPED } = IssueJob_State;
const unique = (more = {}) => campaign(clients, { codeKind: CampaignTerms_CodeKind.CODE_KIND_UNIQUE, ...more });
const redeem = async (code: string, who = randomUUID()) => coupons.redeemCode({ requestId: randomUUID(), code }, await bed.as(who));

const ended = async (jobId: string, by = admin) =>
  until(async () => {
    const { job } = await by.getIssueJob({ id: jobId }, await staff());
    return (job!.state === STATE_DONE || job!.state === STATE_STOPPED) && job;
  });

async function codesOf(campaignId: string, count: number): Promise<string[]> {
  const { job } = await admin.generateCodes({ requestId: randomUUID(), campaignId, count }, await staff());
  await ended(job!.id);
  const codes: string[] = [];
  for (let pageToken = ''; ; ) {
    const page = await admin.listCodes({ campaignId, pageSize: 0, pageToken }, await staff());
    codes.push(...page.codes);
    pageToken = page.nextPageToken;
    if (!pageToken) return codes;
  }
}

async function list(campaignId: string, accountIds: readonly string[]): Promise<string> {
  const token = await staff();
  const { job } = await admin.createIssueList({ requestId: randomUUID(), campaignId }, token);
  for (let from = 0; from < accountIds.length; from += 10_000)
    await admin.addToIssueList({ requestId: randomUUID(), jobId: job!.id, accountIds: accountIds.slice(from, from + 10_000) }, token);
  await admin.startIssueList({ requestId: randomUUID(), jobId: job!.id }, token);
  return job!.id;
}

const issuedOf = async (campaignId: string): Promise<number> =>
  (await sql.query('SELECT count(*)::integer AS count FROM coupon WHERE campaign_id = $1', [campaignId])).rows[0].count;

test('unique codes are made in bulk, exactly as many, and look like nothing that one could guess', async () => {
  const codes = await codesOf(await unique(), 5_001);
  assert.is(new Set(codes).size, 5_001);
  assert.ok(codes.every((code) => /^([A-HJ-NP-Z2-9]{4}-){3}[A-HJ-NP-Z2-9]{4}$/.test(code)));
});

test('a unique code is good once, however it is typed; one that is not there is not found', async () => {
  const [first, second] = await codesOf(await unique(), 2);
  const { coupon } = await redeem(first!.toLowerCase().replaceAll('-', ' '));
  assert.ok(coupon!.id);
  assert.is(await refusal(redeem(first!)), 'CODE_USED');
  assert.is(await refusal(redeem('AAAA-BBBB-CCCC-DDDD')), 'CODE_NOT_FOUND');
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => redeem(second!)));
  assert.is(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
});

test('the same request redeems once, and a code whose campaign gives none stays good', async () => {
  const [code] = await codesOf(await unique(), 1);
  const [request, token] = [{ requestId: randomUUID(), code: code! }, await bed.as(randomUUID())];
  const answers = await Promise.all([coupons.redeemCode(request, token), coupons.redeemCode(request, token)]);
  assert.is(answers[0]!.coupon!.id, answers[1]!.coupon!.id);
  const campaignId = await unique();
  const [other] = await codesOf(campaignId, 1);
  await admin.pauseCampaign({ requestId: randomUUID(), id: campaignId }, await staff());
  assert.is(await refusal(redeem(other!)), 'CAMPAIGN_NOT_OPEN');
  await admin.resumeCampaign({ requestId: randomUUID(), id: campaignId }, await staff());
  await redeem(other!);
});

test('a shared code is good once for each person, and for no more than there are', async () => {
  const sharedCode = `MOA${randomUUID().slice(0, 8)}`;
  const campaignId = await campaign(clients, { codeKind: CampaignTerms_CodeKind.CODE_KIND_SHARED, sharedCode, totalLimit: 5 });
  const who = randomUUID();
  await redeem(sharedCode.toLowerCase(), who);
  assert.is(await refusal(redeem(sharedCode, who)), 'ALREADY_CLAIMED');
  await Promise.allSettled(Array.from({ length: 30 }, () => redeem(sharedCode)));
  assert.is(await issuedOf(campaignId), 5);
});

test('a list is served once for each person, with its progress, and whoever has one is skipped', async () => {
  const campaignId = await campaign(clients, { limitPerUser: 1 });
  const people = Array.from({ length: 1_200 }, () => randomUUID());
  await admin.grantCoupon({ requestId: randomUUID(), campaignId, accountId: people[0]! }, await staff());
  const job = await ended(await list(campaignId, [...people, ...people.slice(0, 100)]));
  assert.equal([job.state, job.totalCount, job.doneCount, job.skippedCount], [STATE_DONE, 1_200n, 1_199n, 1n]);
  assert.is(await issuedOf(campaignId), 1_200);
  assert.is(await refusal(admin.startIssueList({ requestId: randomUUID(), jobId: job.id }, await staff())), 'LIST_STARTED');
});

test("a list stops at its campaign's limit, and says why", async () => {
  const campaignId = await campaign(clients, { totalLimit: 700 });
  const job = await ended(
    await list(
      campaignId,
      Array.from({ length: 1_000 }, () => randomUUID()),
    ),
  );
  assert.equal([job.state, job.stopReason, job.doneCount], [STATE_STOPPED, 'CAMPAIGN_EXHAUSTED', 700n]);
  assert.is(await issuedOf(campaignId), 700);
});

test('killed in the middle of a list and of codes, both are ended by whoever comes next, exactly', async () => {
  await stop();
  const listed = await spawnCoupon('coupon.issue.batch');
  const dying = await listed.clients();
  const campaignId = await campaign(dying, {});
  const people = Array.from({ length: 1_700 }, () => randomUUID());
  const token = await staff();
  const { job } = await dying.admin.createIssueList({ requestId: randomUUID(), campaignId }, token);
  await dying.admin.addToIssueList({ requestId: randomUUID(), jobId: job!.id, accountIds: people }, token);
  const coded = await campaign(dying, { codeKind: CampaignTerms_CodeKind.CODE_KIND_UNIQUE });
  await dying.admin.startIssueList({ requestId: randomUUID(), jobId: job!.id }, token).catch(() => {});
  assert.is(await listed.killed(), 'SIGKILL');

  const again = await spawnCoupon();
  const living = await again.clients();
  const { job: codes } = await living.admin.generateCodes({ requestId: randomUUID(), campaignId: coded, count: 3_000 }, await staff());
  again.kill();
  await again.killed();

  const last = await openCoupon();
  assert.is((await ended(job!.id, last.admin)).doneCount, 1_700n);
  assert.is((await ended(codes!.id, last.admin)).doneCount, 3_000n);
  assert.is(await issuedOf(campaignId), 1_700);
  const { rows } = await sql.query('SELECT count(*)::integer AS count FROM coupon_code WHERE campaign_id = $1', [coded]);
  assert.is(rows[0].count, 3_000);
  await last.stop();
});

test('a new account is welcomed once by each campaign that does, however often it is told', async () => {
  const again = await openCoupon();
  const welcoming = await campaign(again, { welcome: true });
  await campaign(again, { welcome: true, totalLimit: 1, issueStartTime: new Date(bed.now().getTime() + 60_000) });
  const events = await openEvents(bed);
  const accountId = randomUUID();
  for (const id of ['one', 'one', 'two']) await events.publish(AccountCreated, { accountId }, { id: `${id}-${accountId}` });
  const mine = async () => (await again.coupons.listMyCoupons({ state: 0, pageSize: 0, pageToken: '' }, await bed.as(accountId))).coupons;
  await until(async () => (await mine()).length > 0);
  const handled = () => sql.query(`SELECT FROM kit.inbox WHERE event_id LIKE '%' || $1`, [accountId]);
  await until(async () => (await handled()).rows.length === 2);
  assert.equal(
    (await mine()).map(({ campaignId }) => campaignId),
    [welcoming],
  );
  await events.close();
  await again.stop();
});

test.after(async () => {
  killServices();
  await closeBed();
});
test.run();
