// The hot writes: each is one SQL function of prisma/migrations/0002_pledge_writes, in one round trip.
import { type Call, type Database, Failure, newId, sqlCall, write } from '@moa/kit';
import type { Address, Order, Pledge } from '../domain/pledge.js';
import { fail } from '../errors.js';
import { Prisma } from '../generated/client.js';
import type { Client } from './database.js';

// Payment's event about a new billing method is on its way for this long.
const BILLING_METHOD_RETRY_MS = 1_000;

export interface NewPledge extends Order {
  readonly projectId: string;
  readonly billingMethodId: string;
  readonly address: Address | undefined;
}

/** Takes the rewards, raises the total and writes the pledge, or throws and leaves all as it was. */
export const placePledge = (db: Database<Client>, call: Call, order: NewPledge): Promise<Pledge> =>
  writePledge(
    db,
    Prisma.sql`SELECT place_pledge(${sqlCall(call)}::jsonb, ${newId()}::uuid, ${order.projectId}::uuid, ${held(order)},
      ${order.billingMethodId}::uuid, ${json(order.address)}::jsonb) AS answer`,
  );

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
    if (!(error instanceof Failure && error.reason === 'BILLING_METHOD_UNKNOWN')) throw error;
    throw fail('BILLING_METHOD_UNKNOWN', {}, { retryAfterMs: BILLING_METHOD_RETRY_MS });
  }
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
  readonly billing_method_id: string;
  readonly address: Address | null;
  readonly charge_attempts: number;
  readonly next_charge_time: string | null;
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
  billingMethodId: answer.billing_method_id,
  address: answer.address,
  chargeAttempts: answer.charge_attempts,
  nextChargeTime: answer.next_charge_time === null ? null : new Date(answer.next_charge_time),
  version: BigInt(answer.version),
  createTime: new Date(answer.create_time),
});
