// My Page with all of its owners: damaged and made anew; and what is left of a person who has gone.
import { randomUUID } from 'node:crypto';
import { CampaignTerms_CodeKind, Payer } from '@moa/contracts/coupon/v1/coupon';
import { Rebuild_Step } from '@moa/contracts/user/v1/my_page_admin_service';
import { connectNats } from '@moa/kit';
import { until } from '@moa/testkit';
import pg from 'pg';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openHouse } from './house.js';

const house = await openHouse();
const { stack } = house;
const pools = Object.fromEntries(
  Object.entries(stack.databaseUrls).map(([service, connectionString]) => [service, new pg.Pool({ connectionString, max: 2 })]),
);
const sql = async (service: string, text: string, values: unknown[] = []) => (await pools[service]!.query(text, values)).rows;
const krw = (amountMinor: bigint) => ({ currencyCode: 'KRW', amountMinor });
const ADDRESS = { recipient: '홍길동아', phone: '010-9876-5432', postalCode: '06236', line1: '서울시 강남구 테헤란로 427', line2: '' };

const [admin, seller] = await Promise.all([house.admin(), house.seller()]);
const { projectId, rewardId } = await house.liveProject(seller);
const variantId = await onSale();
const campaignId = await campaign();

async function onSale(): Promise<string> {
  const text = { title: '머그컵', description: '', category: 'home', imageUrls: [] };
  const { product } = await seller.products.createProduct({ text, options: [], variants: [{ price: krw(10_000n) }] });
  await seller.products.setStock({ variantId: product!.variants[0]!.id, change: { $case: 'onHand', value: 100 } });
  await seller.products.publishProduct({ id: product!.id });
  return product!.variants[0]!.id;
}

async function campaign(): Promise<string> {
  const { campaign: made } = await admin.couponAdmin.createCampaign({
    terms: {
      name: '감사 쿠폰',
      discount: { kind: { $case: 'fixedMinor', value: 1_000n } },
      scope: {},
      payer: Payer.PAYER_PLATFORM,
      validity: { kind: { $case: 'days', value: 30 } },
      codeKind: CampaignTerms_CodeKind.CODE_KIND_NONE,
      currencyCode: 'KRW',
    },
  });
  return made!.id;
}

/** Somebody with a pledge, an order and a coupon. */
async function somebody() {
  const moa = await house.person();
  const accountId = (await moa.users.getProfile({})).profile!.accountId;
  const billingMethodId = await house.card(moa);
  const pledge = await until(() =>
    moa.pledges.createPledge({ projectId, lines: [{ rewardId, quantity: 1 }], billingMethodId, address: ADDRESS }).then(
      ({ pledge: placed }) => placed!,
      () => undefined,
    ),
  );
  const { coupon } = await admin.couponAdmin.grantCoupon({ campaignId, accountId });
  const items = [{ variantId, quantity: 1, price: krw(10_000n) }];
  const { order } = await moa.orders.checkout({ items, address: ADDRESS, returnUrl: 'https://shop.example/paid' });
  return { moa, accountId, pledgeId: pledge.id, orderId: order!.id, couponId: coupon!.id };
}

// A project has come further than the event that published it.
const COPIES = ['pledge_copy', 'order_copy', 'coupon_copy', '(SELECT id, title FROM project_copy) AS project', 'review_right'];
const copies = async () =>
  Object.fromEntries(await Promise.all(COPIES.map(async (table) => [table, await sql('user', `SELECT * FROM ${table} ORDER BY 1`)])));

test('damaged copies are what their owners say again, also of what the streams have forgotten, while pages are served', async () => {
  const people = await Promise.all(Array.from({ length: 4 }, somebody));
  await people[1]!.moa.pledges.cancelPledge({ id: people[1]!.pledgeId });
  await people[2]!.moa.orders.cancelOrder({ id: people[2]!.orderId, reason: '' });
  await admin.couponAdmin.revokeCoupon({ id: people[3]!.couponId });
  await until(async () => {
    const [held] = await sql(
      'user',
      `SELECT count(*) FILTER (WHERE state IN ('CANCELED', 'REVOKED'))::int AS ended, count(*)::int AS all FROM
      (SELECT state FROM pledge_copy UNION ALL SELECT state FROM order_copy UNION ALL SELECT state FROM coupon_copy) AS copies`,
    );
    return held.ended === 3 && held.all === 12;
  });
  const before = await copies();

  await sql('user', `DELETE FROM pledge_copy WHERE id = $1`, [people[0]!.pledgeId]);
  await sql('user', `UPDATE order_copy SET state = 'COMPLETED', total_minor = 1 WHERE id = $1`, [people[0]!.orderId]);
  await sql('user', 'TRUNCATE coupon_copy, project_copy');
  await sql('user', `INSERT INTO order_copy VALUES ($1, $2, '없는 주문', 'PAID', 'KRW', 1, 0, 9, now() - interval '1 day')`, [
    randomUUID(),
    people[0]!.accountId,
  ]);
  const nats = await connectNats('moa', stack.natsAdminUrl, '');
  for (const stream of ['FUNDING', 'COUPON']) await nats.manager.streams.purge(stream);
  await nats.connection.close();

  const { rebuild: started } = await admin.myPageAdmin.rebuildMyPage({});
  const { rebuild: same } = await admin.myPageAdmin.rebuildMyPage({});
  assert.is(same!.id, started!.id);
  await people[0]!.moa.users.getMyPage({});
  const done = await until(async () => {
    const { rebuild } = await admin.myPageAdmin.getRebuild({ id: started!.id });
    assert.is(rebuild!.lastError, '');
    return rebuild!.step === Rebuild_Step.STEP_DONE && rebuild;
  });
  assert.equal(await copies(), before);
  assert.is(done.removedCount, 1n);
  assert.is(done.ownedCount, 12n);
});

test('of a person who has gone, no table of any service says the name, the number, the mail or the address', async () => {
  const { moa, accountId, pledgeId, orderId } = await somebody();
  const { profile } = await moa.users.getProfile({});
  await moa.users.updateProfile({
    profile: { name: '홍길동아', phone: '+821098765432', addresses: [ADDRESS] },
    updateMask: ['name', 'phone', 'addresses'],
    etag: profile!.etag,
  });
  const refused = await moa.users.closeAccount({}).catch((error) => error);
  assert.match(refused.reason, /^ACCOUNT_HAS_(ORDERS|PLEDGES)$/);
  await moa.pledges.cancelPledge({ id: pledgeId });
  await moa.orders.cancelOrder({ id: orderId, reason: '' });
  await until(() =>
    moa.users.closeAccount({}).then(
      () => true,
      () => false,
    ),
  );

  const traces = async () => {
    const found: string[] = [];
    for (const service of Object.keys(pools)) {
      const tables = await sql(service, `SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE '\\_%'`);
      for (const { tablename } of tables) {
        const rows = await sql(
          service,
          `SELECT count(*)::int AS count FROM "${tablename}" t WHERE t::text LIKE ANY ($1) AND t::text LIKE '%' || $2 || '%'`,
          [['%홍길동아%', '%9876-5432%', '%1098765432%', '%테헤란로 427%', `%${profile!.email}%`], accountId],
        );
        if (rows[0].count > 0) found.push(`${service}.${tablename}`);
      }
    }
    return found;
  };
  // Jobs come by for addresses.
  await until(async () => (await traces()).length === 0);
  const [account] = await sql('auth', 'SELECT state, email FROM account WHERE id = $1', [accountId]);
  assert.equal(account, { state: 'CLOSED', email: null });
  const [coupon] = await sql('coupon', `SELECT state FROM coupon WHERE owner_id = $1`, [accountId]);
  assert.is(coupon.state, 'REVOKED');
  const late = await until(() =>
    moa.users.getProfile({}).then(
      () => undefined,
      (error) => error,
    ),
  );
  assert.is(late.code, 16);
});

test.after(async () => {
  for (const pool of Object.values(pools)) await pool.end();
  await house.close();
});
test.run();
