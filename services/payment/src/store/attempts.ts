import { type Origin, sqlCall, write } from '@moa/kit';
import { entriesOfCharge } from '../domain/charge-entries.js';
import { type Discounts, sumOf } from '../domain/instant-payment.js';
import type { FeeTerms } from '../domain/ledger.js';
import { fail } from '../errors.js';
import { Prisma } from '../generated/client.js';
import type { ProviderCharge, Refusal } from '../provider/port.js';
import { asText } from './amounts.js';
import type { PaymentDatabase } from './database.js';

/** An attempt as far as settling it needs. */
export interface OpenAttempt extends FeeTerms, Discounts {
  readonly paymentId: string;
  readonly number: number;
  readonly pledgeId: string;
  readonly sellerId: string;
  readonly currency: string;
  readonly amountMinor: bigint;
}

/** An attempt that is this process's to work on, until its lease ends. */
export interface ClaimedAttempt extends OpenAttempt {
  /** UNKNOWN: somebody may have sent it before. */
  readonly was: 'PENDING' | 'UNKNOWN';
  readonly tries: number;
  readonly trace: string | null;
  readonly billingKey: string;
  /** Whose card it is. */
  readonly payerId: string;
}

/** Takes the attempt that has been due longest, if there is one. Copies of the service never get the same one. */
export async function claimAttempt({ client }: PaymentDatabase, leaseMs: number): Promise<ClaimedAttempt | undefined> {
  const [row] = await client.$queryRaw<ClaimedAttempt[]>`
    SELECT payment_id AS "paymentId", number, was, tries, trace, billing_key AS "billingKey", pledge_id AS "pledgeId", seller_id AS "sellerId",
      currency, amount_minor AS "amountMinor", platform_basis_points AS "platformBasisPoints", platform_fixed_minor AS "platformFixedMinor",
      platform_coupon_minor AS "platformCouponMinor", seller_coupon_minor AS "sellerCouponMinor", points_minor AS "pointsMinor",
      (SELECT payer_id FROM payment WHERE id = payment_id) AS "payerId"
    FROM claim_attempt(${leaseMs}::integer)`;
  return row;
}

/** The provider gave no answer: nobody takes the attempt before the pause is over. */
export async function postponeAttempt({ client }: PaymentDatabase, { paymentId, number }: OpenAttempt, pauseMs: number): Promise<void> {
  await client.$executeRaw`
    UPDATE attempt SET due_time = clock_timestamp() + ${pauseMs}::integer * interval '1 millisecond'
    WHERE payment_id = ${paymentId}::uuid AND number = ${number} AND state = 'UNKNOWN'`;
}

/** An attempt, and the provider's charge that it ended with. */
export interface KnownAttempt extends OpenAttempt {
  readonly chargeId: string | null;
}

export async function findAttempt({ client }: PaymentDatabase, paymentId: string, number: number): Promise<KnownAttempt | undefined> {
  const [row] = await client.$queryRaw<KnownAttempt[]>`
    SELECT a.payment_id AS "paymentId", a.number, p.pledge_id AS "pledgeId", p.seller_id AS "sellerId", p.currency::text, p.amount_minor AS "amountMinor",
      f.platform_basis_points AS "platformBasisPoints", f.platform_fixed_minor AS "platformFixedMinor",
      coalesce(s.platform_coupon_minor, 0) AS "platformCouponMinor", coalesce(s.seller_coupon_minor, 0) AS "sellerCouponMinor",
      coalesce(s.points_minor, 0) AS "pointsMinor", a.provider_charge_id AS "chargeId"
    FROM attempt a JOIN payment p ON p.id = a.payment_id LEFT JOIN payment_share s ON s.payment_id = p.id CROSS JOIN LATERAL fee_terms(p.seller_id, p.create_time, 'FUNDING', p.currency::text) AS f
    WHERE a.payment_id = ${paymentId}::uuid AND a.number = ${number}`;
  return row;
}

/** Writes what the provider said: attempt, payment, ledger and event in one statement, once. False when it was settled before. */
export async function settleAttempt(
  db: PaymentDatabase,
  origin: Origin,
  attempt: OpenAttempt,
  charge: ProviderCharge | Refusal,
): Promise<boolean> {
  const { paymentId, number } = attempt;
  const paid = charge.state !== 'DECLINED' && charge.state !== 'REFUSED';
  const chargeId = charge.state === 'REFUSED' ? null : charge.id;
  const decline = paid ? null : ((charge.state === 'REFUSED' ? charge.code : charge.declineCode) ?? 'declined');
  const { entries, fees } = paid ? entriesOfCharge([{ ...attempt, paidMinor: attempt.amountMinor }], charge.feeMinor) : NOT_PAID;
  const hasShare = sumOf(attempt) > 0n;
  const [row] = await write<{ settled: boolean }>(
    db,
    fail,
    Prisma.sql`SELECT settle_attempt(${sqlCall(origin)}::jsonb, ${paymentId}::uuid, ${number}::integer, ${chargeId}::text, ${decline}::text,
      ${asText(entries)}::jsonb, ${hasShare ? asText(fees) : null}::jsonb) AS settled`,
  );
  return row!.settled;
}

const NOT_PAID = { entries: [], fees: [] };
