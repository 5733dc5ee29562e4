// What was said of what was bought, as somebody reads it who comes later; and what it earned.
import type { Moa } from '@moa/client/node';
import { TargetKind } from '@moa/contracts/review/v1/review';
import type { WrittenReview } from '../chapters/reviewing.js';
import type { Stage } from '../stage.js';
import { type Finding, noneOf } from './check.js';

const PAGE = 7;
const POINTS = { photo: 300n, plain: 100n } as const;

/** Each review that is seen is in the list of its product once; the stars add up. */
export async function lookAtReviews(
  { reviews }: Pick<Moa, 'reviews'>,
  written: readonly WrittenReview[],
): Promise<Finding & { says: string }> {
  const broken: string[] = [];
  const products = new Set(written.map(({ productId }) => productId));
  for (const targetId of products) {
    const about = { targetKind: TargetKind.TARGET_KIND_PRODUCT, targetId };
    const expected = written.filter(({ productId, fate }) => productId === targetId && fate === 'SEEN');
    const listed: string[] = [];
    for (let pageToken = ''; ; ) {
      const page = await reviews.listReviews({ ...about, pageSize: PAGE, pageToken });
      listed.push(...page.reviews.map(({ id }) => id));
      pageToken = page.nextPageToken;
      if (!pageToken) break;
    }
    if (
      listed.toSorted().join() !==
      expected
        .map(({ id }) => id)
        .toSorted()
        .join()
    )
      broken.push(`${targetId} lists ${listed.length}`);
    const { summary } = await reviews.getRatingSummary(about);
    const stars = expected.reduce((sum, { rating }) => sum + rating, 0);
    const average = expected.length === 0 ? 0 : Math.round((stars * 100) / expected.length);
    if (summary!.count !== expected.length || summary!.averageHundredths !== average)
      broken.push(`${targetId} says ${summary!.count} times ${summary!.averageHundredths}, not ${expected.length} times ${average}`);
  }
  const says = 'each review is in the list of its product once, and its stars add up';
  return { says, ...noneOf(broken, `${written.length} reviews of ${products.size} products`) };
}

export async function lookAtReviewPoints(stage: Stage, written: readonly WrittenReview[]): Promise<Finding & { says: string }> {
  const rows = await stage.sql<{ id: string; amount: string; kept: boolean }>(
    'user',
    'SELECT source_id AS id, amount_minor AS amount, claw_back_time IS NULL AS kept FROM point_earning WHERE source_id = ANY ($1)',
    [written.map(({ id }) => id)],
  );
  const earned = new Map(rows.map(({ id, ...rest }) => [id, rest]));
  const broken = written.filter(({ id, hasPhoto, fate }) => {
    const found = earned.get(id);
    return found?.kept !== (fate === 'SEEN') || (found.kept && BigInt(found.amount) !== (hasPhoto ? POINTS.photo : POINTS.plain));
  });
  return {
    says: 'each review that is seen earned its points once, and those that were removed gave theirs back',
    ...noneOf(
      broken.map(({ id }) => id),
      `${rows.length} reviews`,
    ),
  };
}
