// Many at once, and processes that die between two writes.
import { randomUUID } from 'node:crypto';
import { RatingChanged } from '@moa/contracts/review/v1/review_events';
import { originAt } from '@moa/kit';
import { killServices, randomOf, spawnService, until } from '@moa/testkit';
import mongoose, { type PipelineStage } from 'mongoose';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { countRatings } from '../src/store/ratings.js';
import { about, openReviews, patiently, refusal, TEXT, written } from './support.js';

const house = await openReviews('review-races');
const { reviews, clientOf, copy, buyer, reviewed, person, staff, summaryOf, models, environment } = house;
const seed = Number(process.env['SEED'] ?? Date.now() % 100_000);

const range = (count: number) => Array.from({ length: count }, (_, nth) => nth);

test('fifty at once for the same right: one review', async () => {
  const { subjectId, productId, token } = await buyer();
  const requests = range(50).map(() => written(subjectId));
  const outcomes = await Promise.all(requests.map((request) => refusal(patiently(() => reviews.createReview(request, token)))));
  assert.is(outcomes.filter((outcome) => outcome === 'OK').length, 1);
  assert.is(outcomes.filter((outcome) => outcome === 'REVIEW_EXISTS').length, 49);
  assert.is((await summaryOf(productId)).count, 1);
  assert.is(await models.reviews.countDocuments({ subjectId }), 1);
});

test('fifty times the same request at once: the same review for each', async () => {
  const { subjectId, token } = await buyer();
  const request = written(subjectId);
  const ids = await Promise.all(range(50).map(async () => (await patiently(() => reviews.createReview(request, token)))!.review!.id));
  assert.is(new Set(ids).size, 1);
});

test('a hundred write, edit, delete and are hidden at once at two copies: the summary is exact when the last has its answer', async () => {
  console.error(`» seed ${seed}`);
  const random = randomOf(seed);
  const productId = randomUUID();
  const heard = await house.events.listen(RatingChanged);
  const standing = await Promise.all(range(50).map((nth) => reviewed(productId, { rating: (nth % 5) + 1 })));
  const buyers = await Promise.all(range(50).map(() => buyer(productId)));
  const moderator = await staff();
  const doors = [reviews, await copy()] as const;
  await Promise.all([
    ...buyers.map(({ subjectId, token }, nth) => {
      const imageUrls = random.next() < 0.5 ? ['https://img.moa.example/3.jpg'] : [];
      const request = written(subjectId, { rating: 1 + random.below(5), imageUrls });
      return patiently(() => doors[nth % 2]!.createReview(request, token));
    }),
    ...standing.map(({ review, token }, nth) => {
      const door = doors[nth % 2]!;
      if (nth % 3 === 0) return patiently(() => door.deleteReview({ id: review.id }, token), 'REVIEW_NOT_FOUND');
      if (nth % 3 === 1) return patiently(() => door.moderateReview({ id: review.id, decision: 1 }, moderator));
      const edit = { id: review.id, rating: 1 + random.below(5), text: TEXT, imageUrls: [], etag: review.etag };
      return patiently(() => door.updateReview(edit, token), 'ETAG_STALE');
    }),
  ]);
  const summary = await summaryOf(productId);
  const seen = await models.reviews.find({ targetId: productId, state: 'POSTED' }).lean();
  assert.is(summary.count, seen.length);
  assert.equal(
    summary.counts,
    [1, 2, 3, 4, 5].map((stars) => seen.filter(({ rating }) => rating === stars).length),
  );
  assert.is(summary.withPhotosCount, seen.filter(({ hasPhotos }) => hasPhotos).length);
  const stars = seen.reduce((sum, { rating }) => sum + rating, 0);
  assert.is(summary.averageHundredths, Math.round((stars * 100) / seen.length));
  await until(() => {
    const last = heard.filter(({ targetId }) => targetId === productId).at(-1);
    return last?.count === summary.count && last.averageHundredths === summary.averageHundredths;
  });
  await until(
    async () => (await models.reviews.countDocuments({ targetId: productId, uncountedTime: mongoose.trusted({ $ne: null }) })) === 0,
  );
});

test('a count that was overtaken writes nothing old: it counts again', async () => {
  const { productId } = await reviewed();
  let open = () => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  let looks = 0;
  // Has counted, and is held up before it writes.
  const heldUp = new Proxy(models.reviews, {
    get(of, name) {
      if (name !== 'aggregate') return Reflect.get(of, name).bind?.(of) ?? Reflect.get(of, name);
      return async (pipeline: PipelineStage[]) => {
        const rows = await of.aggregate(pipeline);
        looks += 1;
        await gate;
        return rows;
      };
    },
  });
  const slow = countRatings({ ...models, reviews: heldUp }, { kind: 'PRODUCT', id: productId }, originAt(house.bed.now()));
  await until(() => looks === 1);
  await reviewed(productId);
  open();
  await slow;
  assert.is(looks, 2);
  assert.is((await models.summaries.findById(productId).lean())!.counts[4], 2);
});

test('sixty votes of twenty people at once: nobody counts twice', async () => {
  const { review, token } = await reviewed();
  const voters = await Promise.all(range(20).map(() => person()));
  await Promise.all(
    [0, 1, 2].flatMap(() => voters.map((voter) => patiently(() => reviews.markHelpful({ id: review.id, helpful: true }, voter)))),
  );
  const countOf = async () => (await reviews.getReview({ id: review.id })).review!.helpfulCount;
  assert.is(await countOf(), 20);
  await Promise.all(voters.slice(0, 5).map((voter) => patiently(() => reviews.markHelpful({ id: review.id, helpful: false }, voter))));
  assert.is(await countOf(), 15);
  assert.is((await reviews.markHelpful({ id: review.id, helpful: false }, await person())).helpfulCount, 15);
  assert.is(await refusal(reviews.markHelpful({ id: review.id, helpful: true }, token)), 'OWN_REVIEW');
});

/** A copy that dies at a point. */
const spawnReview = (crashAt: string) => spawnService(new URL('../src/main.js', import.meta.url), environment, crashAt);

test('who dies after writing a review has written it, its ratings are counted within a second, and its event leaves', async () => {
  const { subjectId, productId, token } = await buyer();
  const heard = await house.events.listen(RatingChanged);
  assert.is((await summaryOf(productId)).count, 0);
  const child = spawnReview('review.create.written');
  const request = written(subjectId, { rating: 3 });
  assert.is.not(await refusal(clientOf(await child.address).createReview(request, token)), 'OK');
  assert.is(await child.killed(), 'SIGKILL');
  const diedMs = performance.now();
  await until(async () => (await summaryOf(productId)).count === 1);
  console.error(`» counted ${Math.round(performance.now() - diedMs)} ms after the kill`);
  await until(() => heard.some(({ targetId }) => targetId === productId));
  assert.is((await reviews.createReview(request, token)).review!.rating, 3);
  assert.is((await summaryOf(productId)).count, 1);
});

test('who dies after taking a vote has taken it, and it is counted', async () => {
  const { review } = await reviewed();
  const voter = await person();
  const child = spawnReview('review.vote.written');
  assert.is.not(await refusal(clientOf(await child.address).markHelpful({ id: review.id, helpful: true }, voter)), 'OK');
  assert.is(await child.killed(), 'SIGKILL');
  await until(async () => (await reviews.getReview({ id: review.id })).review!.helpfulCount === 1);
  assert.is((await reviews.markHelpful({ id: review.id, helpful: true }, voter)).helpfulCount, 1);
});

test('a summary that was read just before a change is not kept after it', async () => {
  const productId = randomUUID();
  for (let count = 1; count <= 10; count++) {
    await Promise.all([reviewed(productId), ...range(20).map(() => reviews.getRatingSummary(about(productId)))]);
    assert.is((await summaryOf(productId)).count, count);
  }
});

test.after(async () => {
  killServices();
  await house.close();
});
test.run();
