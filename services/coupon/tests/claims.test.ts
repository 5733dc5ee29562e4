// First come, first served: everybody at once, and whatever falls over in the middle of it.
import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { killServices, until } from '@moa/testkit';
import { startOwnRedis } from '@moa/testkit/own-redis';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { spawnCoupon } from './child-process.js';
import { openClaimKeys } from './claim-keys.js';
import { bed, campaign, closeBed, openCoupon, refusal, sql, staff } from './support.js';

const clients = await openCoupon();
const { coupons, admin, stop } = clients;
const claimKeys = await openClaimKeys();
const closing: (() => Promise<void>)[] = [];

const LIMIT = 100;
const CALLERS = 1_000;
/** So many call at a time where Redis is killed among them. */
const LANES = 20;
const claimable = (totalLimit = LIMIT) => campaign(clients, { claimable: true, totalLimit });

async function issuedOf(campaignId: string): Promise<{ issued: number; owners: number; counted: number }> {
  const { rows } = await sql.query(
    `SELECT count(*)::integer AS issued, count(DISTINCT owner_id)::integer AS owners,
       (SELECT issued_count::integer FROM campaign WHERE id = $1) AS counted FROM coupon WHERE campaign_id = $1`,
    [campaignId],
  );
  return rows[0];
}

interface Caller {
  readonly token: Awaited<ReturnType<typeof bed.as>>;
  readonly requestId: string;
}
const callers = (count: number): Promise<Caller[]> =>
  Promise.all(Array.from({ length: count }, async () => ({ token: await bed.as(randomUUID()), requestId: randomUUID() })));

// RESOURCE_EXHAUSTED: past its capacity a service sheds calls, and says when to come again.
const BUSY = new Set([status.UNAVAILABLE, status.DEADLINE_EXCEEDED, status.ABORTED, status.CANCELLED, status.RESOURCE_EXHAUSTED]);

/** As every client of the house does, a call whose outcome is not known is sent again. Gives the coupon's id, or the reason. */
async function claim(of: Caller, campaignId: string, through: () => Pick<typeof clients, 'coupons'> = () => clients): Promise<string> {
  for (;;) {
    try {
      const { coupon } = await through().coupons.claimCoupon({ requestId: of.requestId, campaignId }, of.token);
      return coupon!.id;
    } catch (error) {
      if (!BUSY.has((error as { code: status }).code)) return refusal(Promise.reject(error)) as Promise<string>;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

const isCoupon = (outcome: string) => outcome.includes('-');
const REFUSED = ['ALREADY_CLAIMED', 'CAMPAIGN_EXHAUSTED'];

test(`${CALLERS} callers for ${LIMIT} coupons, many of them twice: exactly ${LIMIT}, and nobody has two`, async () => {
  const campaignId = await claimable();
  const people = await callers(CALLERS);
  const impatient = people.slice(0, 200).map((person) => ({ ...person, requestId: randomUUID() }));
  const outcomes = await Promise.all([...people, ...impatient].map((person) => claim(person, campaignId)));
  assert.is(new Set(outcomes.filter(isCoupon)).size, LIMIT);
  for (const outcome of outcomes) assert.ok(isCoupon(outcome) || REFUSED.includes(outcome), outcome);
  const winners = people.filter((_, index) => isCoupon(outcomes[index]!));
  const again = await Promise.all(winners.map((winner) => claim({ ...winner, requestId: randomUUID() }, campaignId)));
  assert.equal(new Set(again), new Set(['ALREADY_CLAIMED']));
  assert.equal(await issuedOf(campaignId), { issued: LIMIT, owners: LIMIT, counted: LIMIT });
});

test('Redis is emptied again and again in the middle of the rush: exactly as many, and each winner keeps his', async () => {
  const campaignId = await claimable();
  const people = await callers(CALLERS);
  let over = false;
  const flushing = (async () => {
    while (!over) {
      await claimKeys.forget(campaignId);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  const outcomes = await Promise.all(people.map((person) => claim(person, campaignId)));
  over = true;
  await flushing;
  assert.is(outcomes.filter(isCoupon).length, LIMIT);
  assert.equal(await issuedOf(campaignId), { issued: LIMIT, owners: LIMIT, counted: LIMIT });
  const winner = outcomes.findIndex(isCoupon);
  await claimKeys.forget(campaignId);
  assert.is(await claim(people[winner]!, campaignId), outcomes[winner]);
  assert.is(await claim({ ...people[winner]!, requestId: randomUUID() }, campaignId), 'ALREADY_CLAIMED');
});

test('Redis is away: Postgres serves, exactly as many', async () => {
  // Nobody listens there.
  const away = await openCoupon({ REDIS_URL: 'redis://127.0.0.1:9' });
  const campaignId = await claimable(10);
  const outcomes = await Promise.all((await callers(100)).map((person) => claim(person, campaignId, () => away)));
  assert.is(outcomes.filter(isCoupon).length, 10);
  assert.equal(await issuedOf(campaignId), { issued: 10, owners: 10, counted: 10 });
  await away.stop();
});

test('Redis is killed in the middle of the rush, and comes back: exactly as many, each winner keeps his, and claims go on', async () => {
  const redis = await startOwnRedis();
  const served = await openCoupon(redis.environment);
  closing.push(served.stop, redis.close);
  const campaignId = await claimable();
  const people = await callers(CALLERS);
  const outcomes: string[] = [];
  const given = () => outcomes.filter(isCoupon).length;
  let killed: Promise<void> | undefined;
  const queue = people.map((person, place) => async () => {
    outcomes[place] = await claim(person, campaignId, () => served);
    if (given() >= LIMIT / 4) killed ??= redis.kill();
  });
  // Not all at once: they would all be through the door before the first has a coupon.
  const lanes = Array.from({ length: LANES }, async () => {
    for (let next = queue.shift(); next; next = queue.shift()) await next();
  });
  await Promise.all(lanes);
  await killed;
  assert.is(given(), LIMIT);
  assert.equal(await issuedOf(campaignId), { issued: LIMIT, owners: LIMIT, counted: LIMIT });

  await redis.startAgain();
  const wider = { id: campaignId, name: '', totalLimit: LIMIT + 10, budgetMinor: 0n, issueEndTime: undefined };
  await served.admin.updateCampaign(wider, await staff());
  const losers = people.filter((_, place) => !isCoupon(outcomes[place]!)).slice(0, 20);
  await until(async () => {
    await Promise.all(losers.map((person) => claim(person, campaignId, () => served)));
    return (await issuedOf(campaignId)).issued === LIMIT + 10;
  });
  const winners = people.flatMap((person, place) => (isCoupon(outcomes[place]!) ? [{ person, couponId: outcomes[place] }] : []));
  const kept = await Promise.all(winners.map(({ person }) => claim(person, campaignId, () => served)));
  assert.equal(
    kept,
    winners.map(({ couponId }) => couponId),
  );
  assert.equal(await issuedOf(campaignId), { issued: LIMIT + 10, owners: LIMIT + 10, counted: LIMIT + 10 });
});

test('the service is killed in the middle of the rush, and again: exactly as many, and what was let in and lost is given to others', async () => {
  const campaignId = await claimable();
  const people = await callers(CALLERS / 2);
  const kills = ['coupon.claim.entered', 'coupon.claim.committed'];
  let process = await spawnCoupon(kills.shift());
  let current = await process.clients();
  const supervised = (async () => {
    for (;;) {
      if ((await process.killed()) !== 'SIGKILL' || kills.length === 0) break;
      process = await spawnCoupon(kills.shift());
      current = await process.clients();
    }
    current = clients;
  })();
  const outcomes = await Promise.all(people.map((person) => claim(person, campaignId, () => current)));
  // Whoever was told that none was left while some were only lost may come again.
  await until(async () => {
    await Promise.all(people.slice(0, 150).map((person) => claim(person, campaignId)));
    return (await issuedOf(campaignId)).issued === LIMIT;
  });
  assert.equal(await issuedOf(campaignId), { issued: LIMIT, owners: LIMIT, counted: LIMIT });
  assert.ok(outcomes.filter(isCoupon).length <= LIMIT);
  await supervised;
});

test('who was let in, was lost with the process and never comes again keeps no coupon from others', async () => {
  const campaignId = await claimable(1);
  const [lost, next] = await callers(2);
  const process = await spawnCoupon('coupon.claim.entered');
  const doomed = await process.clients();
  await doomed.coupons.claimCoupon({ requestId: lost!.requestId, campaignId }, lost!.token).catch(() => {});
  assert.is(await process.killed(), 'SIGKILL');
  await until(async () => isCoupon(await claim(next!, campaignId)));
  assert.equal(await issuedOf(campaignId), { issued: 1, owners: 1, counted: 1 });
});

test('when the limit is widened or a coupon is revoked, the next one has it at once', async () => {
  const campaignId = await claimable(1);
  const [first, second, third] = await callers(3);
  const couponId = await claim(first!, campaignId);
  assert.is(await claim(second!, campaignId), 'CAMPAIGN_EXHAUSTED');
  await admin.updateCampaign({ id: campaignId, name: '', totalLimit: 2, budgetMinor: 0n, issueEndTime: undefined }, await staff());
  assert.ok(isCoupon(await claim(second!, campaignId)));
  await admin.revokeCoupon({ requestId: randomUUID(), id: couponId }, await staff());
  assert.ok(isCoupon(await claim(third!, campaignId)));
  // Who had one that was revoked gets no other.
  assert.is(await claim({ ...first!, requestId: randomUUID() }, campaignId), 'ALREADY_CLAIMED');
});

test('what cannot be claimed is refused: not there, not claimable, not open yet, paused', async () => {
  const [person] = await callers(1);
  assert.is(await claim(person!, randomUUID()), 'CAMPAIGN_NOT_FOUND');
  assert.is(await claim(person!, await campaign(clients)), 'CAMPAIGN_NOT_OPEN');
  const later = await campaign(clients, { claimable: true, totalLimit: 1, issueStartTime: new Date(bed.now().getTime() + 60_000) });
  assert.is(await claim(person!, later), 'CAMPAIGN_NOT_OPEN');
  const paused = await claimable();
  await admin.pauseCampaign({ requestId: randomUUID(), id: paused }, await staff());
  assert.is(await claim(person!, paused), 'CAMPAIGN_NOT_OPEN');
});

test('everybody sees what can be claimed, what ends soonest first', async () => {
  const soon = await campaign(clients, { claimable: true, totalLimit: 5, issueEndTime: new Date(bed.now().getTime() + 1_000_000) });
  const seen: string[] = [];
  for (let pageToken = ''; ; ) {
    const page = await coupons.listClaimableCampaigns({ pageSize: 2, pageToken });
    seen.push(...page.campaigns.map(({ id }) => id));
    pageToken = page.nextPageToken;
    if (!pageToken) break;
  }
  assert.is(seen[0], soon);
  assert.is(new Set(seen).size, seen.length);
});

test.after(async () => {
  killServices();
  for (const close of closing) await close();
  claimKeys.close();
  await closeBed(stop);
});
test.run();
