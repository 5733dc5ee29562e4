// Random operations of staff, people, orders and the clock against the real service, which is killed now and then, also between a commit and its
// answer: after each of them there is what a plain model says. SEED=<number> STEPS=<number> does it again, or for longer; who of several at once
// comes first is not the seed's to decide.
import { Coupon_Source } from '@moa/contracts/coupon/v1/coupon';
import {
  CouponExpired,
  CouponGranted,
  CouponReleased,
  CouponReserved,
  CouponRevoked,
  CouponUsed,
} from '@moa/contracts/coupon/v1/coupon_events';
import { killServices, openEvents, randomOf, reasonOf, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openClaimKeys } from './claim-keys.js';
import { openHoldingSteps } from './coupon-holding-steps.js';
import { openIssueSteps } from './coupon-issue-steps.js';
import { type Campaign, openModel } from './coupon-model.js';
import { type Attempt, openWorld, REMEMBERED_DAYS, type Step, WITHIN_MS } from './coupon-world.js';
import { openRevivedCoupon } from './revived-coupon.js';
import { bed, closeBed, sql } from './support.js';

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const steps = Number(process.env['STEPS'] ?? 80);
/** One in so many steps kills the service at any moment, besides the points at which it dies by itself. */
const KILL_EVERY = 20;
const KILL_WITHIN_MS = 30;
const CRASHES = [
  ...['coupon.reserving', 'coupon.reserved', 'coupon.committed', 'coupon.released', 'request.committed'],
  ...['coupon.claim.entered', 'coupon.claim.committed', 'coupon.issue.batch', 'consumer.committed', 'relay.published'],
];

const model = openModel();
const world = openWorld(model, randomOf(seed));
const { chance, pick, ids, holders, everybody } = world;
// Of its own: when the service dies is not the same each time.
const kills = randomOf(seed + 1);
const house = await openRevivedCoupon(() => (kills.below(3) === 0 ? kills.pick(CRASHES) : ''));
const claimKeys = await openClaimKeys();
const events = await openEvents(bed);
const heard = await Promise.all(
  Object.entries({ CouponGranted, CouponReserved, CouponUsed, CouponReleased, CouponExpired, CouponRevoked }).map(async ([name, type]) => ({
    name,
    list: (await events.listen(type as typeof CouponReserved)) as readonly { couponId: string; holderId?: string }[],
  })),
);
const issuing = openIssueSteps(world, claimKeys.forget);
const holding = openHoldingSteps(world, events);
const kept: { readonly attempt: Attempt; readonly answer: string; readonly day: number }[] = [];
const log: string[] = [];

const one = (make: () => Attempt) => () => [make()];
const operations: readonly (() => Step)[] = [
  ...[issuing.makeAnother, one(issuing.move), one(issuing.widen), one(issuing.handOut), one(issuing.makeCodes)],
  ...[one(issuing.grant), one(issuing.grant), issuing.rush, issuing.rush, issuing.rush, issuing.redeem, issuing.redeem, issuing.redeem],
  ...[holding.reserve, holding.reserve, holding.reserve, holding.reserve, holding.reserve, holding.reserve],
  ...[holding.end, holding.end, holding.end, holding.end, holding.giveBack, holding.giveBack],
  ...[holding.come, holding.go, holding.shift, holding.shift, revoke, again, again],
];

// Not all can be done at any time.
function nextStep(): Step {
  for (;;) {
    const step = pick(operations)();
    if (step.length > 0) return step;
  }
}

function revoke(): Step {
  const coupon = pick(model.coupons);
  return coupon ? [holding.revoke(coupon)] : [];
}

function again(): Step {
  const old = pick(kept.filter(({ day }) => day > model.today() - REMEMBERED_DAYS));
  if (!old) return [];
  const { what, act, otherBody } = old.attempt;
  if (otherBody && chance(3)) return [{ what: `another body: ${what}`, act: otherBody, say: () => 'REQUEST_ID_REUSED' }];
  return [{ what: `again: ${what}`, act, say: () => old.answer }];
}

/** What the caller is told: an answer, or the reason of a refusal. */
const outcomeOf = ({ act }: Attempt): Promise<string> =>
  house.ask(act).catch((error) => {
    const reason = reasonOf(error);
    if (!reason) throw error;
    return reason;
  });
const isRefusal = (outcome: string) => /^[A-Z_]+$/.test(outcome);

// Whoever was served made it only harder for the others. So one order explains all that came at once: first those, then the others.
async function carryOut(step: Step): Promise<void> {
  const isKilled = kills.below(KILL_EVERY) === 0;
  const killing = isKilled && setTimeout(house.kill, kills.below(KILL_WITHIN_MS));
  const outcomes = await Promise.all(step.map(async (attempt) => ({ attempt, outcome: await outcomeOf(attempt) })));
  if (killing) clearTimeout(killing);
  const [served, refused] = [outcomes.filter(({ outcome }) => !isRefusal(outcome)), outcomes.filter(({ outcome }) => isRefusal(outcome))];
  for (const { attempt, outcome: first } of [...served, ...refused]) {
    const outcome = await lookedUpAgain(attempt, first);
    const expected = isRefusal(outcome) ? attempt.say() : attempt.say(outcome);
    log.push(`${attempt.what}: ${outcome}${isKilled ? ' (killed)' : ''}`);
    if (!expected.split(' or ').includes(outcome)) throw new Error(`${attempt.what}: ${outcome}, and not ${expected}`);
    if (attempt.once && !isRefusal(outcome)) kept.push({ attempt, answer: outcome, day: model.today() });
  }
}

// What was let in and lost seems to be gone, until the door looks what is left.
const lookedUpAgain = async (attempt: Attempt, outcome: string): Promise<string> =>
  outcome !== 'CAMPAIGN_EXHAUSTED' || !attempt.claimOf || model.isOut(attempt.claimOf)
    ? outcome
    : until(async () => {
        const next = await outcomeOf(attempt);
        return next !== 'CAMPAIGN_EXHAUSTED' && next;
      }, WITHIN_MS);

const text = (value: unknown) => JSON.stringify(value, (_, field) => (typeof field === 'bigint' ? Number(field) : field));

const expected = () => [
  ...model.campaigns.map((campaign) => `campaign ${campaign.number} ${text({ ...model.shows(campaign), isOver: false })}`),
  ...model.coupons.map(({ state, holder = null, discount, version, ...coupon }, place) =>
    couponLine(place, coupon.campaign.number, { ownerId: coupon.owner, source: coupon.source, state, holder, discount, version }),
  ),
  ...[...model.holderStates()].map(([id, state]) => holderLine(id, state)).sort(),
];

interface Shown {
  readonly ownerId: string;
  readonly source: string;
  readonly state: string;
  readonly holder: string | null;
  readonly discount: bigint | number;
  readonly version: number;
}
const couponLine = (place: number, campaign: number | undefined, { ownerId, holder, ...row }: Shown) =>
  `coupon ${place} of campaign ${campaign} and ${world.nameOf(ownerId)} by holder ${holders.findIndex(({ id }) => id === holder)} ${text(row)}`;
const holderLine = (id: string, state: string) => `holder ${holders.findIndex((holder) => holder.id === id)} ${state}`;

/** What there is, in the same words. */
async function seen(): Promise<string[]> {
  const { rows: coupons } = await sql.query(`
    SELECT id, campaign_id AS "campaignId", owner_id AS "ownerId", source, state, holder_id AS holder, discount_minor AS discount, version FROM coupon`);
  nameCoupons(coupons);
  const { rows } = await sql.query('SELECT id, state FROM holder');
  const places = new Map(model.coupons.map(({ id }, place) => [id, place]));
  const numbers = new Map([...ids].map(([{ number }, id]) => [id, number]));
  return [
    ...(await Promise.all(model.campaigns.map(async (campaign) => `campaign ${campaign.number} ${text(await look(campaign))}`))),
    ...coupons
      .map(({ id, campaignId, discount, version, ...row }) => ({
        place: places.get(id) ?? -1,
        campaignId,
        row: { ...row, discount: Number(discount), version: Number(version) },
      }))
      .sort((a, b) => a.place - b.place)
      .map(({ place, campaignId, row }) => couponLine(place, numbers.get(campaignId), row)),
    ...rows.map(({ id, state }) => holderLine(id, state)).sort(),
  ];
}

interface CouponRow {
  readonly id: string;
  readonly campaignId: string;
  readonly ownerId: string;
  readonly source: string;
}

// Those that nobody was told of by name.
function nameCoupons(rows: readonly CouponRow[]): void {
  const named = new Set(model.coupons.map(({ id }) => id));
  for (const coupon of model.coupons.filter(({ id }) => id === undefined)) {
    const isIt = (row: CouponRow) =>
      row.campaignId === ids.get(coupon.campaign) && row.ownerId === coupon.owner && row.source === coupon.source;
    coupon.id = rows.find((row) => !named.has(row.id) && isIt(row))?.id;
    named.add(coupon.id);
  }
}

async function look(campaign: Campaign) {
  const id = ids.get(campaign)!;
  const { stats } = await house.ask(async ({ admin }) => admin.getCampaignStats({ campaignId: id }, await world.asStaff()));
  const {
    rows: [row],
  } = await sql.query(
    `SELECT state, issued_count AS issued, spent_minor AS spent,
       total_limit > 0 AND issued_count > total_limit OR budget_minor > 0 AND spent_minor > budget_minor AS "isOver" FROM campaign WHERE id = $1`,
    [id],
  );
  const countOf = (source: Coupon_Source) => stats!.sources.find((other) => other.source === source)?.count ?? 0n;
  const { SOURCE_GRANT, SOURCE_LIST, SOURCE_CODE, SOURCE_CLAIM, SOURCE_WELCOME } = Coupon_Source;
  return {
    state: row.state,
    issued: Number(row.issued),
    spent: Number(row.spent),
    given: stats!.issuedCount,
    states: [stats!.usableCount, stats!.reservedCount, stats!.usedCount, stats!.expiredCount, stats!.revokedCount],
    sources: [SOURCE_GRANT, SOURCE_LIST, SOURCE_CODE, SOURCE_CLAIM, SOURCE_WELCOME].map(countOf),
    used: stats!.discounted!.amountMinor,
    held: stats!.reserved!.amountMinor,
    codes: [stats!.codeCount, stats!.redeemedCount],
    isOver: row.isOver,
  };
}

async function compare(): Promise<void> {
  const wanted = expected();
  await until(async () => text(await seen()) === text(wanted)).catch(async () =>
    assert.equal(await seen(), wanted, 'it is not as the model says'),
  );
}

const toldOf = () => heard.flatMap(({ name, list }) => list.map(({ couponId, holderId = '' }) => `${name} ${couponId} ${holderId}`));

test(`whatever happens, coupons are what the model says (seed ${seed})`, async () => {
  try {
    for (const kind of issuing.kinds) await carryOut([issuing.make(kind)]);
    await carryOut([issuing.makeCodes()]);
    for (let step = 0; step < steps; step++) {
      await carryOut(nextStep());
      await compare();
    }
  } catch (error) {
    throw new Error(
      `${(error as Error).message}\n  ${log.slice(-40).join('\n  ')}\n${(error as { details?: string }).details ?? ''}\n  Again: SEED=${seed} STEPS=${steps}`,
      {
        cause: error,
      },
    );
  }
  const told = model.told.map(({ event, coupon, holder }) => `Coupon${event} ${coupon.id} ${holder}`);
  await until(() => toldOf().length >= told.length, WITHIN_MS);
  assert.equal(toldOf().sort(), told.sort());
  const { length } = model.coupons;
  console.log(
    `» ${steps} steps, ${house.deaths()} kills; ${everybody.length} people, ${model.campaigns.length} campaigns, ${length} coupons, ${holders.length} holders, ${told.length} events; seed ${seed}`,
  );
});

test.after(async () => {
  house.close();
  killServices();
  claimKeys.close();
  await events.close();
  await closeBed();
});
test.run();
