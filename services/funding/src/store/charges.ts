// The charge of pledges after the close: what is sent to payment, and what payment's events make of it.
import { type Database, type Origin, sqlCall, write } from '@moa/kit';
import type { ChargeStep, PledgeState, RetryPolicy } from '../domain/pledge.js';
import { fail } from '../errors.js';
import { Prisma } from '../generated/client.js';
import type { Client, Queries } from './database.js';

/** Takes the next pledges of an ended project along; how many, or null when no project waits. */
export async function sweepPledges(db: Database<Client>, origin: Origin, batch: number): Promise<number | null> {
  const [row] = await write<{ swept: number | null }>(
    db,
    fail,
    Prisma.sql`SELECT sweep_pledges(${sqlCall(origin)}::jsonb, ${batch}::integer) AS swept`,
  );
  return row!.swept;
}

/** Begins the next attempt of refused charges that are due; how many. */
export async function retryCharges(db: Database<Client>, origin: Origin, batch: number): Promise<number> {
  const [row] = await write<{ begun: number }>(
    db,
    fail,
    Prisma.sql`SELECT retry_charges(${sqlCall(origin)}::jsonb, ${batch}::integer) AS begun`,
  );
  return row!.begun;
}

export interface DueCharge {
  readonly pledge_id: string;
  readonly project_id: string;
  readonly seller_id: string;
  readonly backer_id: string;
  readonly billing_method_id: string;
  readonly currency: string;
  readonly charge_minor: bigint;
  readonly attempt: number;
  readonly platform_coupon_minor: bigint;
  readonly seller_coupon_minor: bigint;
  readonly points_minor: bigint;
}

/** Charges that payment has not taken, in the order of their pledges. Nobody else gets them while the lease lasts. */
export const leaseCharges = (db: Database<Client>, origin: Origin, batch: number, leaseMs: number): Promise<DueCharge[]> =>
  db.client.$queryRaw<DueCharge[]>`SELECT * FROM lease_charges(${sqlCall(origin)}::jsonb, ${batch}::integer, ${leaseMs}::integer)`;

/** Payment answers for them from now on. An attempt that was told of meanwhile is past. */
export async function markTaken(db: Database<Client>, charges: readonly DueCharge[]): Promise<void> {
  await db.client.$executeRaw`
    UPDATE pledge SET send_time = NULL
      FROM unnest(${charges.map(({ pledge_id }) => pledge_id)}::uuid[], ${charges.map(({ attempt }) => attempt)}::integer[]) AS taken(id, attempt)
     WHERE pledge.id = taken.id AND pledge.state = 'CHARGING' AND pledge.charge_attempts = taken.attempt`;
}

export interface ChargedPledge {
  readonly id: string;
  readonly projectId: string;
  readonly backerId: string;
  readonly state: PledgeState;
  readonly currency: string;
  readonly totalMinor: bigint;
  /** What of it the card is charged. */
  readonly chargeMinor: bigint;
  readonly refundedMinor: bigint;
  readonly chargeAttempts: number;
  readonly version: bigint;
  readonly policy: RetryPolicy;
  /** Nothing of it is charged any more, and what comes goes back. */
  readonly projectCanceled: boolean;
  readonly cancelReason: string;
}

/** A pledge that nobody else changes until the transaction ends. */
export async function lockPledge(tx: Queries, id: string): Promise<ChargedPledge | undefined> {
  const [row] = await tx.$queryRaw<(Omit<ChargedPledge, 'policy'> & RetryPolicy)[]>`
    SELECT p.id, p.project_id AS "projectId", p.backer_id AS "backerId", p.state, p.currency, p.total_minor AS "totalMinor",
           p.total_minor - p.platform_coupon_minor - p.seller_coupon_minor - p.points_minor AS "chargeMinor", p.refunded_minor AS "refundedMinor",
           p.charge_attempts AS "chargeAttempts", p.version,
           project.state = 'CANCELED' AS "projectCanceled", project.cancel_reason AS "cancelReason",
           CASE WHEN project.state = 'CANCELED' THEN 0 ELSE project.charge_retries END AS "chargeRetries", project.charge_retry_seconds AS "chargeRetrySeconds"
      FROM pledge p JOIN project ON project.id = p.project_id WHERE p.id = ${id}::uuid FOR UPDATE OF p`;
  return row && { ...row, policy: row };
}

export async function saveChargeStep(tx: Queries, pledge: ChargedPledge, step: ChargeStep): Promise<ChargedPledge> {
  const version = pledge.version + 1n;
  await tx.$executeRaw`
    UPDATE pledge SET state = ${step.state}, next_charge_time = ${step.nextChargeTime}, send_time = NULL, version = ${version},
           refunded_minor = ${step.refundedMinor ?? pledge.refundedMinor}
     WHERE id = ${pledge.id}::uuid`;
  return { ...pledge, state: step.state, version };
}

/** A backer's billing method, from now on. */
export async function addBillingMethod(tx: Queries, id: string, accountId: string): Promise<void> {
  await tx.$executeRaw`INSERT INTO billing_method (id, account_id) VALUES (${id}::uuid, ${accountId}::uuid) ON CONFLICT DO NOTHING`;
}
