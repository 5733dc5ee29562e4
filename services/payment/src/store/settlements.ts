import { type Origin, refusing, sqlCall, type Transaction } from '@moa/kit';
import { LIVE_PAYOUT_STATES, type ProjectSettlementKind, type SettlementState, type StatementLine } from '../domain/settlement.js';
import { fail } from '../errors.js';
import type { Payout, Prisma, PrismaClient, Settlement } from '../generated/client.js';
import type { PaymentDatabase } from './database.js';

type Queries = Transaction<PrismaClient>;

export type SettlementRow = Settlement & { readonly payouts: readonly Payout[] };

const withNewestPayout = { payouts: { orderBy: { id: 'desc' }, take: 1 } } as const;

/** Adds up what a project has earned, in one statement. */
export async function createSettlement(
  tx: Queries,
  call: Origin,
  id: string,
  projectId: string,
  kind: ProjectSettlementKind,
): Promise<void> {
  await refusing(
    fail,
    tx.$queryRaw`SELECT create_settlement(${sqlCall(call)}::jsonb, ${id}::uuid, ${projectId}::uuid, ${kind}::text)::text`,
  );
}

/** Orders of a seller that were paid before a time. */
export interface Period {
  readonly sellerId: string;
  readonly currency: string;
  readonly end: Date;
}

/** Adds up what a seller's orders have come to, in one statement. */
export async function createPeriodSettlement(tx: Queries, call: Origin, id: string, { sellerId, currency, end }: Period): Promise<void> {
  await refusing(
    fail,
    tx.$queryRaw`SELECT create_period_settlement(${sqlCall(call)}::jsonb, ${id}::uuid, ${sellerId}::uuid, ${currency}::text, ${end}::timestamptz)::text`,
  );
}

export const findSettlement = (client: Queries, id: string): Promise<SettlementRow | null> =>
  client.settlement.findUnique({ where: { id }, include: withNewestPayout });

export interface SettlementFilter {
  readonly sellerId: string | undefined;
  readonly state: SettlementState | undefined;
}

/** Newest first, from the one after `after` on. */
export const listSettlements = (
  { client }: PaymentDatabase,
  { sellerId, state }: SettlementFilter,
  after: string | undefined,
  count: number,
): Promise<SettlementRow[]> =>
  client.settlement.findMany({
    where: { ...(sellerId && { sellerId }), ...(after && { id: { lt: after } }), ...(state && STATES[state]) },
    orderBy: { id: 'desc' },
    take: count,
    include: withNewestPayout,
  });

const live = [...LIVE_PAYOUT_STATES];

// As settlementStateOf says it.
const STATES: Readonly<Record<SettlementState, Prisma.SettlementWhereInput>> = {
  EMPTY: { netMinor: 0n },
  PAID: { payouts: { some: { state: 'PAID' } } },
  IN_PAYOUT: { payouts: { some: { state: { in: live } } } },
  PAYABLE: { netMinor: { gt: 0n }, payouts: { none: { state: { in: [...live, 'PAID'] } } } },
};

/** The movements that a settlement is made of, oldest first, from the one after `after` on. */
export const listStatementLines = (
  { client }: PaymentDatabase,
  { id, sellerId, kind }: Settlement,
  after: bigint,
  count: number,
): Promise<StatementLine[]> =>
  kind === 'PERIOD'
    ? client.$queryRaw<StatementLine[]>`
    WITH page AS (
      SELECT transaction_id FROM settlement_item WHERE settlement_id = ${id}::uuid AND transaction_id > ${after} ORDER BY transaction_id LIMIT ${count}
    )
    SELECT t.id AS "transactionId", t.create_time AS time, t.payment_id AS "paymentId", NULL AS "pledgeId", p.order_id AS "orderId",
      CASE l.kind WHEN 'REFUND_DUE' THEN 'REFUND' WHEN 'REFUND' THEN 'FEE_BACK' ELSE l.kind END AS kind,
      l.gross_minor AS "grossMinor", l.platform_fee_minor AS "platformFeeMinor", l.provider_fee_minor AS "providerFeeMinor",
      l.coupon_minor AS "couponMinor", l.net_minor AS "netMinor"
    FROM order_lines((SELECT array_agg(transaction_id) FROM page), ${sellerId}::uuid) AS l
      JOIN ledger_transaction t ON t.id = l.transaction_id JOIN payment p ON p.id = t.payment_id
    ORDER BY t.id`
    : client.$queryRaw<StatementLine[]>`
    WITH page AS MATERIALIZED (
      SELECT transaction_id FROM settlement_item WHERE settlement_id = ${id}::uuid AND transaction_id > ${after} ORDER BY transaction_id LIMIT ${count}
    )
    SELECT t.id AS "transactionId", t.create_time AS time, t.payment_id AS "paymentId", p.pledge_id AS "pledgeId", NULL AS "orderId",
      CASE t.kind WHEN 'REFUND_DUE' THEN 'REFUND' WHEN 'CANCEL' THEN 'REFUND' WHEN 'REFUND' THEN 'FEE_BACK' ELSE t.kind END AS kind,
      coalesce(sum(e.amount_minor) FILTER (WHERE e.account IN ('PROVIDER_CLEARING', 'BUYER_REFUNDS_DUE', 'COUPON_EXPENSE', 'POINTS_LIABILITY')), 0)::bigint AS "grossMinor",
      coalesce(-sum(e.amount_minor) FILTER (WHERE e.account = 'PLATFORM_FEE'), 0)::bigint AS "platformFeeMinor",
      coalesce(-sum(e.amount_minor) FILTER (WHERE e.account = 'PROVIDER_FEE'), 0)::bigint AS "providerFeeMinor",
      coalesce(sum(e.amount_minor) FILTER (WHERE e.account = 'COUPON_EXPENSE' AND e.owner_id IS NOT NULL), 0)::bigint AS "couponMinor",
      coalesce(-sum(e.amount_minor) FILTER (WHERE e.owner_id IS NOT NULL), 0)::bigint AS "netMinor"
    FROM page JOIN ledger_transaction t ON t.id = page.transaction_id JOIN ledger_entry e ON e.transaction_id = t.id
      JOIN payment p ON p.id = t.payment_id
    GROUP BY t.id, p.pledge_id ORDER BY t.id`;

/** Every charge of the project has ended: its final settlement may come. */
export async function noteSettledProject(tx: Queries, projectId: string, sellerId: string, at: Date): Promise<void> {
  await tx.settledProject.createMany({ data: [{ projectId, sellerId, settleTime: at }], skipDuplicates: true });
}
