// The hot writes: each is one SQL function of prisma/migrations, in one round trip.
import { type Call, type Database, Failure, kitFail, newId, type Outcome, refusalOf, sqlCall, write } from '@moa/kit';
import type { Discount } from '../domain/discount.js';
import type { Address, Order, Pledge } from '../domain/pledge.js';
import { fail } from '../errors.js';
import { Prisma } from '../generated/client.js';
import type { Client } from './database.js';

// Payment's event about a new billing method is on its way for this long.
const BILLING_METHOD_RETRY_MS = 1_000;
// The same request is being refused, together with this one.
const BUSY_RETRY_MS = 500;

export interface NewPledge extends Order {
  readonly projectId: string;
  readonly billingMethodId: string;
  readonly address: Address | undefined;
}

/** A pledge that is asked for by a call. */
export interface PledgeRequest {
  readonly call: Call;
  readonly order: NewPledge;
  /** With coupons or points: the request was claimed before, and they are held for this id. */
  readonly held?: Discount & { readonly pledgeId: string };
}

/** Takes the rewards, raises the totals and writes the pledges: those that can be, each all or nothing. */
export async function placePledges(db: Database<Client>, requests: readonly PledgeRequest[]): Promise<Outcome<Pledge>[]> {
  const orders = requests.map(({ call, order, held }, index) => ({
    place: index + 1,
    call: JSON.parse(sqlCall(call)) as unknown,
    new_id: held?.pledgeId ?? newId(),
    target: order.projectId,
    reward_ids: order.lines.map(({ rewardId }) => rewardId),
    quantities: order.lines.map(({ quantity }) => quantity),
    extra_currency: order.extra?.currencyCode ?? null,
    extra: String(order.extra?.amountMinor ?? 0n),
    method: order.billingMethodId,
    ship_to: order.address ?? null,
    ...(held && discountColumns(held)),
  }));
  const [row] = await write<{ outcomes: PlaceOutcome[] }>(
    db,
    fail,
    Prisma.sql`SELECT place_pledges(${JSON.stringify(orders)}::jsonb) AS outcomes`,
  );
  return row!.outcomes.map((outcome) => ('answer' in outcome ? { value: pledgeOf(outcome.answer) } : { error: refusedFor(outcome) }));
}

const discountColumns = (discount: Discount) => ({
  coupon_ids: discount.couponIds,
  coupon_discounts: discount.couponDiscounts.map(String),
  platform_coupon: String(discount.platformCouponMinor),
  seller_coupon: String(discount.sellerCouponMinor),
  points: String(discount.pointsMinor),
});

type PlaceOutcome = { readonly answer: PledgeAnswer } | { readonly reason: string; readonly facts?: string };

const refusedFor = ({ reason, facts }: { reason: string; facts?: string }): Failure =>
  withRetry(refusalOf(fail, { message: reason, detail: facts }));

export interface PledgeChange extends Order {
  readonly id: string;
  /** Undefined: stays as it is. */
  readonly billingMethodId: string | undefined;
  /** Undefined: stays as it is. */
  readonly address: Address | undefined;
}

export const changePledge = (db: Database<Client>, call: Call, change: PledgeChange): Promise<Pledge> =>
  writePledge(
    db,
    Prisma.sql`SELECT change_pledge(${sqlCall(call)}::jsonb, ${change.id}::uuid, ${held(change)},
      ${change.billingMethodId ?? null}::uuid, ${json(change.address)}::jsonb) AS answer`,
  );

export const cancelPledge = (db: Database<Client>, call: Call, id: string): Promise<Pledge> =>
  writePledge(db, Prisma.sql`SELECT cancel_pledge(${sqlCall(call)}::jsonb, ${id}::uuid) AS answer`);

const held = ({ lines, extra }: Order) => Prisma.sql`${lines.map(({ rewardId }) => rewardId)}::uuid[],
  ${lines.map(({ quantity }) => quantity)}::integer[], ${extra?.currencyCode ?? null}::text, ${extra?.amountMinor ?? 0n}::bigint`;

const json = (address: Address | undefined) => (address === undefined ? null : JSON.stringify(address));

async function writePledge(db: Database<Client>, statement: Prisma.Sql): Promise<Pledge> {
  try {
    const [row] = await write<{ answer: PledgeAnswer }>(db, fail, statement);
    return pledgeOf(row!.answer);
  } catch (error) {
    throw error instanceof Failure ? withRetry(error) : error;
  }
}

// When it makes sense to come again.
function withRetry(failure: Failure): Failure {
  if (failure.reason === 'BILLING_METHOD_UNKNOWN') return fail('BILLING_METHOD_UNKNOWN', {}, { retryAfterMs: BILLING_METHOD_RETRY_MS });
  if (failure.reason === 'REQUEST_IN_PROGRESS') return kitFail('REQUEST_IN_PROGRESS', {}, { retryAfterMs: BUSY_RETRY_MS });
  return failure;
}

// What pledge_answer makes. Amounts stay below 2^53: a pledge is worth 10^12 at most.
interface PledgeAnswer {
  readonly id: string;
  readonly project_id: string;
  readonly backer_id: string;
  readonly state: Pledge['state'];
  readonly lines: readonly { readonly reward_id: string; readonly quantity: number }[];
  readonly currency: string;
  readonly extra_minor: number;
  readonly total_minor: number;
  // Answers that were remembered before there were any have none of these.
  readonly coupon_ids?: readonly string[];
  readonly platform_coupon_minor?: number;
  readonly seller_coupon_minor?: number;
  readonly points_minor?: number;
  readonly refunded_minor: number;
  readonly billing_method_id: string;
  readonly address: Address | null;
  readonly charge_attempts: number;
  readonly next_charge_time: string | null;
  readonly late: boolean;
  readonly version: number;
  readonly create_time: string;
}

const pledgeOf = (answer: PledgeAnswer): Pledge => ({
  id: answer.id,
  projectId: answer.project_id,
  backerId: answer.backer_id,
  state: answer.state,
  lines: answer.lines.map(({ reward_id, quantity }) => ({ rewardId: reward_id, quantity })),
  currency: answer.currency,
  extraMinor: BigInt(answer.extra_minor),
  totalMinor: BigInt(answer.total_minor),
  couponIds: answer.coupon_ids ?? [],
  platformCouponMinor: BigInt(answer.platform_coupon_minor ?? 0),
  sellerCouponMinor: BigInt(answer.seller_coupon_minor ?? 0),
  pointsMinor: BigInt(answer.points_minor ?? 0),
  refundedMinor: BigInt(answer.refunded_minor),
  billingMethodId: answer.billing_method_id,
  address: answer.address,
  chargeAttempts: answer.charge_attempts,
  nextChargeTime: answer.next_charge_time === null ? null : new Date(answer.next_charge_time),
  // Nothing is sent, or asked back, of a pledge that these writes are about.
  late: answer.late,
  carrier: null,
  trackingNumber: null,
  shipTime: null,
  deliveryTime: null,
  refundRequest: undefined,
  version: BigInt(answer.version),
  createTime: new Date(answer.create_time),
});
