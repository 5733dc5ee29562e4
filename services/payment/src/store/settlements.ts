import { type Origin, refusing, sqlCall, type Transaction } from '@moa/kit';
import type { SettlementKind, StatementLine } from '../domain/settlement.js';
import { fail } from '../errors.js';
import type { Payout, PrismaClient, Settlement } from '../generated/client.js';
import type { PaymentDatabase } from './database.js';

type Queries = Transaction<PrismaClient>;

export type SettlementRow = Settlement & { readonly payouts: readonly Payout[] };

const withNewestPayout = { payouts: { orderBy: { id: 'desc' }, take: 1 } } as const;

/** Adds up what a project has earned, in one statement. */
export async function createSettlement(tx: Queries, call: Origin, id: string, projectId: string, kind: SettlementKind): Promise<void> {
  await refusing(
    fail,
    tx.$queryRaw`SELECT create_settlement(${sqlCall(call)}::jsonb, ${id}::uuid, ${projectId}::uuid, ${kind}::text)::text`,
  );
}

export const findSettlement = (client: Queries, id: string): Promise<SettlementRow | null> =>
  client.settlement.findUnique({ where: { id }, include: withNewestPayout });

/** Newest first, from the one after `after` on. */
export const listSettlements = (
  { client }: PaymentDatabase,
  sellerId: string | undefined,
  after: string | undefined,
  count: number,
): Promise<SettlementRow[]> =>
  client.settlement.findMany({
    where: { ...(sellerId && { sellerId }), ...(after && { id: { lt: after } }) },
    orderBy: { id: 'desc' },
    take: count,
    include: withNewestPayout,
  });

/** The movements that a settlement is made of, oldest first, from the one after `after` on. */
export const listStatementLines = (
  { client }: PaymentDatabase,
  settlementId: string,
  after: bigint,
  count: number,
): Promise<StatementLine[]> =>
  client.$queryRaw<StatementLine[]>`
    SELECT t.id AS "transactionId", t.create_time AS time, t.payment_id AS "paymentId", p.pledge_id AS "pledgeId",
      CASE t.kind WHEN 'REFUND_DUE' THEN 'REFUND' WHEN 'CANCEL' THEN 'REFUND' WHEN 'REFUND' THEN 'FEE_BACK' ELSE t.kind END AS kind,
      coalesce(sum(e.amount_minor) FILTER (WHERE e.account IN ('PROVIDER_CLEARING', 'BUYER_REFUNDS_DUE')), 0)::bigint AS "grossMinor",
      coalesce(-sum(e.amount_minor) FILTER (WHERE e.account = 'PLATFORM_FEE'), 0)::bigint AS "platformFeeMinor",
      coalesce(-sum(e.amount_minor) FILTER (WHERE e.account = 'PROVIDER_FEE'), 0)::bigint AS "providerFeeMinor",
      coalesce(-sum(e.amount_minor) FILTER (WHERE e.account = 'SELLER_PAYABLE'), 0)::bigint AS "netMinor"
    FROM settlement_item i JOIN ledger_transaction t ON t.id = i.transaction_id JOIN ledger_entry e ON e.transaction_id = t.id
      JOIN payment p ON p.id = t.payment_id
    WHERE i.settlement_id = ${settlementId}::uuid AND i.transaction_id > ${after}
    GROUP BY t.id, p.pledge_id ORDER BY t.id LIMIT ${count}`;

/** Every charge of the project has ended: its final settlement may come. */
export async function noteSettledProject(tx: Queries, projectId: string, sellerId: string, at: Date): Promise<void> {
  await tx.settledProject.createMany({ data: [{ projectId, sellerId, settleTime: at }], skipDuplicates: true });
}
