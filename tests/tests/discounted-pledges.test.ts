// A pledge with a coupon and points, through the real coupon, user, funding, payment and provider: what each of them says in the end is the same.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Campaign, CampaignTerms_CodeKind, Coupon_State, Flow, Payer } from '@moa/contracts/coupon/v1/coupon';
import { CouponAdminServiceDefinition, CouponServiceDefinition } from '@moa/contracts/coupon/v1/coupon_service';
import { Pledge_State } from '@moa/contracts/funding/v1/pledge';
import { PledgeServiceDefinition } from '@moa/contracts/funding/v1/pledge_service';
import { FundingPaymentServiceDefinition } from '@moa/contracts/payment/v1/payment_service';
import { Reconciliation_State } from '@moa/contracts/payment/v1/reconciliation';
import { ReconciliationServiceDefinition } from '@moa/contracts/payment/v1/reconciliation_service';
import { PointServiceDefinition } from '@moa/contracts/user/v1/point_service';
import { startCoupon } from '@moa/coupon';
import { variables as couponVariables } from '@moa/coupon/config';
import { startFunding } from '@moa/funding';
import { variables as fundingVariables } from '@moa/funding/config';
import { readConfig } from '@moa/kit';
import { startPayment } from '@moa/payment';
import { variables as paymentVariables } from '@moa/payment/config';
import { startSandboxProvider, testCard } from '@moa/sandbox-provider';
import { freePorts } from '@moa/stack';
import { openTestbed, reasonOf, until } from '@moa/testkit';
import { startUser } from '@moa/user';
import { variables as userVariables } from '@moa/user/config';
import pg from 'pg';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openOrdersPeer } from './orders-peer.js';

const API_KEY = 'test-api-key';
const NOBODY = '127.0.0.1:9';
const DAY_MS = 86_400_000;

const bed = await openTestbed('discounted-pledges');
const folder = mkdtempSync(join(tmpdir(), 'moa-provider-'));
const provider = await startSandboxProvider({ listen: '127.0.0.1:0', dataFolder: folder, apiKey: API_KEY, webhookSecret: 'test' });
const FUNDING_ADDRESS = `127.0.0.1:${(await freePorts(1))[0]}`;
const purchase = await openOrdersPeer(bed);
const payment = await startPayment(
  readConfig(paymentVariables, {
    ...(await bed.environment('payment')),
    PROVIDER_URL: provider.url,
    PROVIDER_API_KEY: API_KEY,
    WEBHOOK_SECRET: 'test',
    FUNDING_ADDRESS,
    PURCHASE_ADDRESS: purchase.address,
    SELLER_ADDRESS: NOBODY,
    BANK_URL: provider.url,
    BANK_API_KEY: API_KEY,
  }),
);
const coupon = await startCoupon(readConfig(couponVariables, await bed.environment('coupon')));
const user = await startUser(
  readConfig(userVariables, {
    ...(await bed.environment('user')),
    // My Page is not made anew here.
    FUNDING_ADDRESS: NOBODY,
    PURCHASE_ADDRESS: NOBODY,
    COUPON_ADDRESS: NOBODY,
  }),
);
const funding = await startFunding(
  readConfig(fundingVariables, {
    ...(await bed.environment('funding')),
    LISTEN: FUNDING_ADDRESS,
    PAYMENT_ADDRESS: payment.address,
    USER_ADDRESS: user.address,
    COUPON_ADDRESS: coupon.address,
  }),
);
const pledges = bed.connect(PledgeServiceDefinition, funding.address);
const payments = bed.connect(FundingPaymentServiceDefinition, payment.address);
const reconciliations = bed.connect(ReconciliationServiceDefinition, payment.address);
const coupons = bed.connect(CouponServiceDefinition, coupon.address);
const campaigns = bed.connect(CouponAdminServiceDefinition, coupon.address);
const points = bed.connect(PointServiceDefinition, user.address);
const sql = new pg.Pool({ connectionString: await bed.databaseUrl('funding'), max: 2 });
const wallets = new pg.Pool({ connectionString: await bed.databaseUrl('user'), max: 2 });
const books = new pg.Pool({ connectionString: await bed.databaseUrl('payment'), max: 2 });
const admin = () => bed.as(randomUUID(), 'ADMIN');
bed.sayAuthTime(bed.now());

const won = (amountMinor: bigint) => ({ currencyCode: 'KRW', amountMinor });

async function campaign(): Promise<Campaign> {
  const terms = {
    name: '첫 후원 쿠폰',
    discount: { kind: { $case: 'fixedMinor' as const, value: 3_000n } },
    minimumSpendMinor: 5_000n,
    scope: { flow: Flow.FLOW_FUNDING, categories: ['design'], sellerIds: [], itemIds: [] },
    payer: Payer.PAYER_PLATFORM,
    issueStartTime: undefined,
    issueEndTime: undefined,
    validity: { kind: { $case: 'days' as const, value: 90 } },
    totalLimit: 0,
    limitPerUser: 0,
    stackable: false,
    codeKind: CampaignTerms_CodeKind.CODE_KIND_NONE,
    sharedCode: '',
    claimable: false,
    welcome: false,
    budgetMinor: 0n,
    returnedOnRefund: true,
    currencyCode: 'KRW',
  };
  return (await campaigns.createCampaign({ requestId: randomUUID(), terms }, await admin())).campaign!;
}
const { id: campaignId } = await campaign();

/** Somebody with a card that works, a coupon over 3,000 won, and points. */
async function saver(pointsMinor: bigint) {
  const id = randomUUID();
  const card = { cardNumber: testCard('PLAIN'), expiryMonth: 12, expiryYear: 2040, authKey: '', ownerNumber: '' };
  const { billingMethod } = await payments.registerBillingMethod({ requestId: randomUUID(), ...card }, await bed.as(id));
  // Funding learns of it by payment's event.
  await until(async () => (await sql.query('SELECT FROM billing_method WHERE id = $1', [billingMethod!.id])).rowCount === 1);
  const { coupon: given } = await campaigns.grantCoupon({ requestId: randomUUID(), campaignId, accountId: id }, await admin());
  // As points of an order are earned.
  await wallets.query(
    `SELECT earn_points(jsonb_build_object('at', $2::timestamptz), $1, gen_random_uuid(), gen_random_uuid(), $3, $2::timestamptz + interval '1 year')`,
    [id, bed.now(), pointsMinor],
  );
  const has = async () => {
    const { coupons: held } = await coupons.listMyCoupons({ state: 0, pageSize: 0, pageToken: '' }, await bed.as(id));
    const { balance } = await points.getPointBalance({}, await bed.as(id));
    return `${held.length} ${balance!.availableMinor} ${balance!.heldMinor}`;
  };
  return {
    id,
    billingMethodId: billingMethod!.id,
    couponId: given!.id,
    /** Coupons that can be used, points that are available, and points that are held. */
    has,
    comesTo: (have: string) => until(async () => (await has()) === have),
  };
}

async function liveProject(goalMinor = 10_000) {
  const [projectId, rewardId] = [randomUUID(), randomUUID()];
  await sql.query(
    `INSERT INTO project (id, seller_id, title, summary, story, category, image_urls, kind, currency, goal_minor, start_time, close_time, state, public,
       charge_retries, charge_retry_seconds, create_time) VALUES ($1, gen_random_uuid(), 'P', '', '', 'design', '{}', 'ALL_OR_NOTHING', 'KRW', $2,
         $3::timestamptz - interval '1 day', $3::timestamptz + interval '1 day', 'LIVE', true, 7, 86400, $3)`,
    [projectId, goalMinor, bed.now()],
  );
  await sql.query(
    `INSERT INTO reward (id, project_id, title, description, price_minor, limit_per_backer, delivery_month, ships) VALUES ($1, $2, 'R', '', 10000, 0, '2027-03', false)`,
    [rewardId, projectId],
  );
  return { projectId, rewardId, close: () => sql.query('UPDATE project SET close_time = $2 WHERE id = $1', [projectId, bed.now()]) };
}

type Saver = Awaited<ReturnType<typeof saver>>;

async function pledge(
  who: Saver,
  { projectId, rewardId }: { projectId: string; rewardId: string },
  pointsMinor: bigint,
  couponIds = [who.couponId],
) {
  const order = { projectId, lines: [{ rewardId, quantity: 1 }], extra: undefined, address: undefined, couponIds, pointsMinor };
  const request = { requestId: randomUUID(), billingMethodId: who.billingMethodId, ...order };
  return (await pledges.createPledge(request, await bed.as(who.id))).pledge!;
}

const inState = (id: string, state: string) =>
  until(async () => (await sql.query('SELECT FROM pledge WHERE id = $1 AND state = $2', [id, state])).rowCount === 1);

/** What the ledger has of a pledge: points that we owe, and what coupons cost us. Less than nothing is owed. */
async function ledgerOf(id: string): Promise<string> {
  const { rows } = await books.query(
    `SELECT coalesce(sum(e.amount_minor) FILTER (WHERE e.account = 'POINTS_LIABILITY'), 0) AS points,
            coalesce(sum(e.amount_minor) FILTER (WHERE e.account = 'COUPON_EXPENSE'), 0) AS coupons
       FROM ledger_entry e JOIN ledger_transaction t ON t.id = e.transaction_id JOIN payment p ON p.id = t.payment_id WHERE p.pledge_id = $1`,
    [id],
  );
  return `${rows[0].points} ${rows[0].coupons}`;
}

async function differences(): Promise<string> {
  const { reconciliation } = await reconciliations.runReconciliation({ requestId: randomUUID() }, await admin());
  const { id } = reconciliation!;
  const report = await until(async () => {
    const { reconciliation: run } = await reconciliations.getReconciliation({ id }, await admin());
    return run!.state === Reconciliation_State.STATE_DONE && run;
  });
  return report.discrepancies.map(({ kind, count }) => `${kind}: ${count}`).join(', ');
}

test('coupon and points are held with the pledge, used with its payment, and come back with its money, the same in all books', async () => {
  const project = await liveProject();
  const who = await saver(2_500n);
  const made = await pledge(who, project, 2_500n);
  assert.equal([made.total, made.discount, made.charge], [won(10_000n), won(3_000n), won(4_500n)]);
  assert.is(await who.has(), '0 0 2500');
  await project.close();
  await inState(made.id, 'PAID');
  await who.comesTo('0 0 0');
  const { payment: charged } = await payments.getPayment({ pledgeId: made.id }, await bed.as(who.id));
  assert.equal(charged?.amount, won(4_500n));
  assert.is(await ledgerOf(made.id), '2500 3000');

  const refund = { requestId: randomUUID(), id: made.id, reason: '일부 품절', amount: won(1_500n) };
  await pledges.refundPledge(refund, await admin());
  await who.comesTo('0 833 0');
  assert.is(await ledgerOf(made.id), '1667 2000');

  const rest = { ...refund, requestId: randomUUID(), amount: undefined };
  const { pledge: back } = await pledges.refundPledge(rest, await admin());
  assert.is(back?.state, Pledge_State.STATE_REFUNDED);
  await who.comesTo('1 2500 0');
  assert.is(await ledgerOf(made.id), '0 0');
  const { stats } = await campaigns.getCampaignStats({ campaignId }, await admin());
  assert.equal([stats?.discounted, stats?.reserved, stats?.usedCount], [won(0n), won(0n), 0n]);
  assert.is(await differences(), '');
});

test('a project that misses its goal gives both back', async () => {
  const project = await liveProject(10_001);
  const who = await saver(2_500n);
  const made = await pledge(who, project, 2_500n);
  await project.close();
  await inState(made.id, 'RELEASED');
  await who.comesTo('1 2500 0');
});

test('a pledge that costs no money is paid without the provider, and given back', async () => {
  const project = await liveProject();
  const who = await saver(7_000n);
  const made = await pledge(who, project, 7_000n);
  assert.equal(made.charge, won(0n));
  await project.close();
  await inState(made.id, 'PAID');
  await who.comesTo('0 0 0');
  assert.is(await ledgerOf(made.id), '7000 3000');
  assert.is(await differences(), '');
  const { pledge: back } = await pledges.refundPledge(
    { requestId: randomUUID(), id: made.id, reason: '배송 불가', amount: undefined },
    await admin(),
  );
  assert.is(back?.state, Pledge_State.STATE_REFUNDED);
  await who.comesTo('1 7000 0');
  assert.is(await ledgerOf(made.id), '0 0');
  assert.is(await differences(), '');
});

test("another person's coupon, or more points than one has, is refused, and nothing is held", async () => {
  const project = await liveProject();
  const [who, other] = [await saver(2_500n), await saver(1n)];
  const refused = (call: Promise<unknown>) =>
    call.then(
      () => 'was not refused',
      (error: unknown) => reasonOf(error),
    );
  assert.is(await refused(pledge(who, project, 2_500n, [other.couponId])), 'COUPON_NOT_USABLE');
  assert.is(await refused(pledge(who, project, 2_501n)), 'POINTS_NOT_ENOUGH');
  assert.equal([await who.has(), await other.has()], ['1 2500 0', '1 1 0']);
  assert.is((await sql.query('SELECT FROM pledge_hold WHERE backer_id = $1', [who.id])).rowCount, 0);
});

test('a coupon that expires while its project runs is still used with it', async () => {
  const project = await liveProject();
  const who = await saver(1n);
  const made = await pledge(who, project, 0n);
  await sql.query('UPDATE project SET close_time = $2 WHERE id = $1', [project.projectId, new Date(bed.now().getTime() + 100 * DAY_MS)]);
  bed.shiftClock(91 * DAY_MS);
  await project.close();
  await inState(made.id, 'PAID');
  const used = async () => {
    const page = { state: Coupon_State.STATE_USED, pageSize: 0, pageToken: '' };
    return (await coupons.listMyCoupons(page, await bed.as(who.id))).coupons;
  };
  await until(async () => (await used())[0]?.holderId === made.id);
});

test.after(async () => {
  await funding.stop();
  await payment.stop();
  await purchase.stop();
  await coupon.stop();
  await user.stop();
  await provider.stop();
  await sql.end();
  await books.end();
  await wallets.end();
  await bed.close();
  rmSync(folder, { recursive: true, force: true });
});
test.run();
