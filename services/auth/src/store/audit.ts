import { type Call, type Database, sqlCall, type Transaction } from '@moa/kit';
import type { PrismaClient } from '../generated/client.js';

export type AuditAction =
  | 'GRANT_ROLE'
  | 'REVOKE_ROLE'
  | 'SUSPEND_ACCOUNT'
  | 'REINSTATE_ACCOUNT'
  | 'ROTATE_SIGNING_KEY'
  | 'CREATE_PARTNER_CLIENT'
  | 'UPDATE_PARTNER_CLIENT'
  | 'ROTATE_PARTNER_SECRET'
  | 'SUSPEND_PARTNER_CLIENT'
  | 'REINSTATE_PARTNER_CLIENT';

export interface AuditEntry {
  readonly id: bigint;
  /** An account; "service:<name>" or "system" where nobody asked. */
  readonly actor: string;
  readonly action: AuditAction;
  readonly subject: string;
  readonly reason: string;
  readonly facts: Readonly<Record<string, string>>;
  readonly requestId: string | null;
  readonly createTime: Date;
}

type Written = Pick<AuditEntry, 'action' | 'subject'> & Partial<Pick<AuditEntry, 'reason' | 'facts'>>;

/** Where a page of the trail ends. */
export type AuditPosition = Pick<AuditEntry, 'createTime' | 'id'>;

export interface AuditFilter {
  /** Empty for any. */
  readonly subject: string;
  readonly actor: string;
  readonly fromTime: Date | undefined;
  readonly toTime: Date | undefined;
}

/** Writes down what the caller did, in the transaction that does it. No secrets in `facts`: nobody can take them out again. */
export async function audit(
  tx: Transaction<PrismaClient>,
  call: Call,
  { action, subject, reason = '', facts = {} }: Written,
): Promise<void> {
  await tx.$queryRaw`SELECT audit(${sqlCall(call)}::jsonb, ${call.caller.accountId}, ${action}, ${subject}, ${reason},
    ${JSON.stringify(facts)}::jsonb)::text`;
}

/** The newest first. */
export async function listAuditEntries(
  db: Database<PrismaClient>,
  { subject, actor, fromTime, toTime }: AuditFilter,
  after: AuditPosition | undefined,
  limit: number,
): Promise<AuditEntry[]> {
  const rows = await db.client.auditEntry.findMany({
    where: {
      ...(subject && { subject }),
      ...(actor && { actor }),
      createTime: { ...(fromTime && { gte: fromTime }), ...(toTime && { lt: toTime }) },
      ...(after && { OR: [{ createTime: { lt: after.createTime } }, { createTime: after.createTime, id: { lt: after.id } }] }),
    },
    orderBy: [{ createTime: 'desc' }, { id: 'desc' }],
    take: limit,
  });
  return rows as unknown as AuditEntry[];
}
