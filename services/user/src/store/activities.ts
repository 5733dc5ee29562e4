import type { Database, TimeKeyset } from '@moa/kit';
import type { PrismaClient } from '../generated/client.js';

/** Something that a person began or got. */
export interface ActivityOfPerson {
  readonly kind: 'ORDER' | 'PLEDGE' | 'COUPON' | 'POINTS';
  readonly subjectId: string;
  readonly title: string;
  /** Both null for a coupon. */
  readonly currency: string | null;
  readonly amountMinor: bigint | null;
  readonly time: Date;
}

/** Newest first, of all kinds, from the one after `before` on: of each kind no more is read than a page may need. */
export function listActivities({ client }: Database<PrismaClient>, accountId: string, before: TimeKeyset | undefined, most: number) {
  const time = before?.time ?? new Date('9999-12-31T00:00:00Z');
  const id = before?.id ?? '';
  return client.$queryRaw<ActivityOfPerson[]>`
    SELECT * FROM (
      (SELECT 'ORDER' AS kind, id::text AS "subjectId", name AS title, currency, total_minor AS "amountMinor", create_time AS time FROM order_copy
        WHERE buyer_id = ${accountId}::uuid AND create_time <= ${time} AND (create_time < ${time} OR id::text < ${id})
        ORDER BY create_time DESC, id DESC LIMIT ${most})
      UNION ALL
      (SELECT 'PLEDGE', pledge.id::text, coalesce(project.title, ''), currency, total_minor, create_time FROM pledge_copy pledge
        LEFT JOIN project_copy project ON project.id = pledge.project_id
        WHERE backer_id = ${accountId}::uuid AND create_time <= ${time} AND (create_time < ${time} OR pledge.id::text < ${id})
        ORDER BY create_time DESC, pledge.id DESC LIMIT ${most})
      UNION ALL
      (SELECT 'COUPON', id::text, name, NULL, NULL, issue_time FROM coupon_copy
        WHERE owner_id = ${accountId}::uuid AND issue_time <= ${time} AND (issue_time < ${time} OR id::text < ${id})
        ORDER BY issue_time DESC, id DESC LIMIT ${most})
      UNION ALL
      (SELECT 'POINTS', id::text, reason, 'KRW', amount_minor, create_time FROM point_entry
        WHERE account_id = ${accountId}::uuid AND create_time <= ${time} AND (create_time < ${time} OR id::text < ${id})
        ORDER BY create_time DESC, id::text DESC LIMIT ${most})
    ) AS everything ORDER BY time DESC, "subjectId" DESC LIMIT ${most}`;
}
