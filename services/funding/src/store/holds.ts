// What is held elsewhere for pledges, and what is owed for it: see prisma/migrations/0011_discounts.
import { type Call, type Database, kitFail, newId, type Origin, sqlCall } from '@moa/kit';
import type { Hold, Return } from '../domain/discount.js';
import type { Client } from './database.js';

/** Longer than a claim is held for the one who made it: who takes a request up again finds its holder. */
const PLACED_WITHIN_MS = 60_000;

/** The holder of a request: a new one, or the one of whoever had the request before. */
export async function openHold(
  { client }: Database<Client>,
  call: Call,
  couponIds: readonly string[],
  pointsMinor: bigint,
): Promise<Pick<Hold, 'pledgeId' | 'state'>> {
  const { caller, requestId, hash } = call.claim;
  const dueTime = new Date(call.at.getTime() + PLACED_WITHIN_MS);
  const [row] = await client.$queryRaw<[Pick<Hold, 'pledgeId' | 'state'> & { hash: string }]>`
    INSERT INTO pledge_hold AS hold (pledge_id, backer_id, request_id, request_hash, coupon_ids, points_minor, due_time, create_time)
      VALUES (${newId()}::uuid, ${caller}::uuid, ${requestId}::uuid, ${hash}, ${couponIds}::uuid[], ${pointsMinor}, ${dueTime}, ${call.at})
      ON CONFLICT (backer_id, request_id) WHERE state <> 'REFUSED'
      DO UPDATE SET due_time = CASE hold.state WHEN 'PLACING' THEN excluded.due_time ELSE hold.due_time END
    RETURNING pledge_id AS "pledgeId", state, request_hash AS hash`;
  if (row.hash !== hash) throw kitFail('REQUEST_ID_REUSED');
  return row;
}

/** The pledge does not come to be. False when it has. */
export async function refuseHold({ client }: Database<Client>, origin: Origin, pledgeId: string): Promise<boolean> {
  const [row] = await client.$queryRaw<[{ refused: boolean }]>`
    SELECT refuse_hold(${sqlCall(origin)}::jsonb, ${pledgeId}::uuid) AS refused`;
  return row.refused;
}

/** A hold for which something may be owed. */
export interface DueHold extends Hold {
  /** Until then nobody else gets it. */
  readonly dueTime: Date;
}

export const leaseHolds = ({ client }: Database<Client>, origin: Origin, batch: number, leaseMs: number): Promise<DueHold[]> =>
  client.$queryRaw<DueHold[]>`
    SELECT pledge_id AS "pledgeId", state, pledge_state AS "pledgeState", coupon_ids AS "couponIds", coupon_discounts AS "couponDiscounts",
           points_minor AS "pointsMinor", coalesce(charge_minor, 0) AS "chargeMinor", returned_minor AS "returnedMinor",
           returning_minor AS "returningMinor", due_time AS "dueTime"
      FROM lease_holds(${sqlCall(origin)}::jsonb, ${batch}::integer, ${leaseMs}::integer)`;

/** It was released: for good. */
export async function endRelease({ client }: Database<Client>, { pledgeId, state }: Pick<Hold, 'pledgeId' | 'state'>): Promise<void> {
  if (state === 'REFUSED') await client.$executeRaw`DELETE FROM pledge_hold WHERE pledge_id = ${pledgeId}::uuid AND state = 'REFUSED'`;
  else
    await client.$executeRaw`UPDATE pledge_hold SET state = 'HOME', due_time = NULL WHERE pledge_id = ${pledgeId}::uuid AND state = 'HELD'`;
}

export async function markUsed({ client }: Database<Client>, pledgeId: string): Promise<void> {
  await client.$executeRaw`UPDATE pledge_hold SET state = 'USED' WHERE pledge_id = ${pledgeId}::uuid AND state = 'HELD'`;
}

/** After a part it is looked at once more: more may have gone back since the part was fixed. */
export async function markReturned({ client }: Database<Client>, pledgeId: string, { toMinor, inFull }: Return): Promise<void> {
  await client.$executeRaw`
    UPDATE pledge_hold SET returned_minor = ${toMinor}, returning_minor = NULL, state = CASE WHEN ${inFull} THEN 'HOME' ELSE state END,
           due_time = CASE WHEN ${inFull} THEN NULL ELSE '-infinity'::timestamptz END
     WHERE pledge_id = ${pledgeId}::uuid AND returning_minor = ${toMinor}`;
}

/** Nothing is owed any more, unless a step of the pledge has said so meanwhile. */
export async function endLease({ client }: Database<Client>, { pledgeId, dueTime }: DueHold): Promise<void> {
  await client.$executeRaw`UPDATE pledge_hold SET due_time = NULL WHERE pledge_id = ${pledgeId}::uuid AND due_time = ${dueTime}`;
}
