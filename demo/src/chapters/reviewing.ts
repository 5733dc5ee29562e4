// Who is content, or is not, says so: reviews with stars and photos, one changed, one taken back, one of spam that staff hide; sellers answer.
import { ModerateReviewRequest_Decision as Decision } from '@moa/contracts/review/v1/review_service';
import { atOnce } from '../at-once.js';
import type { ReviewData } from '../data.js';
import type { Person } from '../people.js';
import type { Random } from '../random.js';
import type { Stage } from '../stage.js';
import type { Goods } from './shop.js';
import type { Kept } from './shopping.js';

const CROWD = 16;
/** Of four who could, one says nothing. */
const SAYS_NOTHING = 4;
const WITH_PHOTO = 0.4;
const FAIR = 3;

export interface WrittenReview {
  readonly id: string;
  readonly author: Person;
  readonly lineId: string;
  readonly productId: string;
  readonly rating: number;
  readonly hasPhoto: boolean;
  fate: 'SEEN' | 'TAKEN_BACK' | 'HIDDEN';
}

export async function writeReviews(
  stage: Stage,
  admin: Person,
  kept: readonly Kept[],
  goods: readonly Goods[],
  lines: ReviewData,
  random: Random,
): Promise<WrittenReview[]> {
  const plans = kept
    .filter((_, nth) => nth % SAYS_NOTHING !== SAYS_NOTHING - 1)
    .map((one) => {
      const rating = random.pick([5, 5, 5, 4, 4, 3, 2, 1]);
      const text = random.pick(rating > FAIR ? lines.good : rating === FAIR ? lines.fair : lines.poor);
      return { ...one, rating, text, hasPhoto: random.next() < WITH_PHOTO };
    });
  // The second is spam.
  const written = await atOnce(CROWD, [...plans.entries()], ([nth, plan]) =>
    write(stage, nth === 1 ? { ...plan, text: lines.spam } : plan, lines.photo),
  );
  const [first, spam, regretted, ...others] = written;
  if (first) await edit(first, lines.edited);
  if (spam)
    await hide(
      stage,
      admin,
      spam,
      others.map(({ author }) => author),
      lines.complaint,
    );
  if (regretted) {
    await regretted.author.moa.reviews.deleteReview({ id: regretted.id });
    regretted.fate = 'TAKEN_BACK';
  }
  await Promise.all(goods.map((one) => answer(one, written, lines.replies)));
  await stage.untilQuiet();
  return written;
}

interface Plan extends Kept {
  readonly rating: number;
  readonly text: string;
  readonly hasPhoto: boolean;
}

async function write(stage: Stage, { guest, lineId, productId, rating, text, hasPhoto }: Plan, photo: string): Promise<WrittenReview> {
  const author = guest.person;
  const imageUrls = hasPhoto ? [`${photo}${lineId}.jpg`] : [];
  // The right comes by event.
  const { review } = await stage.whileRefused('RIGHT_NOT_FOUND', () =>
    author.moa.reviews.createReview({ subjectId: lineId, rating, text, imageUrls }),
  );
  return { id: review!.id, author, lineId, productId, rating, hasPhoto, fate: 'SEEN' };
}

async function edit({ id, author, rating }: WrittenReview, text: string): Promise<void> {
  const { reviews } = author.moa;
  const { review } = await reviews.getReview({ id });
  await reviews.updateReview({ id, rating, text, imageUrls: review!.imageUrls, etag: review!.etag });
}

async function hide(stage: Stage, admin: Person, spam: WrittenReview, readers: readonly Person[], reason: string): Promise<void> {
  for (const { accountId, moa } of readers.slice(0, 3))
    if (accountId !== spam.author.accountId) await moa.reviews.reportReview({ id: spam.id, reason });
  await admin.signIn();
  await admin.moa.reviews.moderateReview({ id: spam.id, decision: Decision.DECISION_HIDE });
  spam.fate = 'HIDDEN';
  await stage.untilQuiet();
}

/** Of each product the seller answers one, and others find it helpful. */
async function answer({ seller, productId }: Goods, written: readonly WrittenReview[], replies: readonly string[]): Promise<void> {
  const one = written.find((review) => review.productId === productId && review.fate === 'SEEN');
  if (!one) return;
  await seller.moa.reviews.replyToReview({ id: one.id, text: replies[one.rating > FAIR ? 0 : 1]! });
  for (const { author } of written.slice(0, 5))
    if (author.accountId !== one.author.accountId) await author.moa.reviews.markHelpful({ id: one.id, helpful: true });
}
