// What a person got, and may review. Events may come twice, late and in any order.
import type { Database, Transaction } from '@moa/kit';
import type { PrismaClient } from '../generated/client.js';

type Tx = Transaction<PrismaClient>;

export interface ReviewRight {
  readonly subjectId: string;
  readonly accountId: string;
  readonly kind: 'ORDER_LINE' | 'PLEDGE';
  /** The product, or the project. */
  readonly itemId: string;
  /** Of a product; that of a project is looked up. */
  readonly title: string;
  readonly givenBack: boolean;
  /** Of the order or the pledge. */
  readonly version: bigint;
  readonly since: Date;
}

/** The newest version says whether it was given back. */
export async function saveReviewRight(tx: Tx, right: ReviewRight): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO review_right AS held (subject_id, account_id, kind, item_id, title, given_back, version, since)
      VALUES (${right.subjectId}::uuid, ${right.accountId}::uuid, ${right.kind}, ${right.itemId}::uuid, ${right.title}, ${right.givenBack},
        ${right.version}, ${right.since})
    ON CONFLICT (subject_id) DO UPDATE SET
      given_back = CASE WHEN excluded.version > held.version THEN excluded.given_back ELSE held.given_back END,
      since = CASE WHEN held.given_back AND NOT excluded.given_back THEN excluded.since ELSE held.since END,
      version = greatest(held.version, excluded.version)`;
}

/** One for each right: it is not asked for again, whatever becomes of the review. */
export async function saveWrittenReview(tx: Tx, subjectId: string, reviewId: string): Promise<void> {
  await tx.$executeRaw`INSERT INTO written_review VALUES (${subjectId}::uuid, ${reviewId}::uuid) ON CONFLICT DO NOTHING`;
}

export interface ReviewToWrite {
  readonly kind: ReviewRight['kind'];
  readonly subjectId: string;
  readonly itemId: string;
  readonly title: string;
  readonly since: Date;
}

export interface ReviewsOfPerson {
  readonly toWriteCount: number;
  readonly newest: readonly ReviewToWrite[];
}

/** One statement: the count and the rows are of the same moment. */
export async function findReviews({ client }: Database<PrismaClient>, accountId: string, most: number): Promise<ReviewsOfPerson> {
  const rows = await client.$queryRaw<(ReviewToWrite & { toWriteCount: bigint })[]>`
    SELECT r.kind, r.subject_id AS "subjectId", r.item_id AS "itemId", coalesce(p.title, r.title) AS title, r.since, count(*) OVER () AS "toWriteCount"
    FROM review_right r LEFT JOIN project_copy p ON r.kind = 'PLEDGE' AND p.id = r.item_id
    WHERE r.account_id = ${accountId}::uuid AND NOT r.given_back
      AND NOT EXISTS (SELECT FROM written_review w WHERE w.subject_id = r.subject_id)
    ORDER BY r.since DESC, r.subject_id DESC LIMIT ${most}`;
  return { toWriteCount: Number(rows[0]?.toWriteCount ?? 0), newest: rows };
}
