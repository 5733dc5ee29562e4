// Rights come by event: twice, late, in any order. And people close their accounts.
import { randomUUID } from 'node:crypto';
import { TargetKind } from '@moa/contracts/review/v1/review';
import { AccountClosed } from '@moa/contracts/user/v1/user_events';
import { until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openReviews, refusal, written } from './support.js';

const house = await openReviews('review-events');
const { bed, events, reviews, models, buyer, reviewed } = house;

const line = () => ({ lineId: randomUUID(), productId: randomUUID(), sellerId: randomUUID() });
const rightOf = (subjectId: string) => models.rights.findById(subjectId).lean();
const learned = (subjectId: string) => until(async () => (await rightOf(subjectId)) !== null);

test('each completed line of an order may be reviewed, and its seller answers', async () => {
  const buyerId = randomUUID();
  const [one, two] = [line(), line()];
  await house.completes(buyerId, [one, two]);
  await learned(two.lineId);
  const token = await bed.as(buyerId);
  const { review } = await reviews.createReview(written(one.lineId), token);
  assert.equal([review!.targetKind, review!.targetId], [TargetKind.TARGET_KIND_PRODUCT, one.productId]);
  await reviews.createReview(written(two.lineId), token);
  const seller = await bed.as(one.sellerId, 'SELLER');
  assert.is((await reviews.replyToReview({ id: review!.id, text: '고맙습니다.' }, seller)).review!.reply!.text, '고맙습니다.');
});

test('a paid pledge may be reviewed, and the seller of the project answers', async () => {
  const [sellerId, backerId] = [randomUUID(), randomUUID()];
  const pledge = { pledgeId: randomUUID(), projectId: randomUUID(), backerId };
  await house.pays(pledge);
  await learned(pledge.pledgeId);
  const { review } = await reviews.createReview(written(pledge.pledgeId), await bed.as(backerId));
  assert.equal([review!.targetKind, review!.targetId], [TargetKind.TARGET_KIND_PROJECT, pledge.projectId]);
  await house.publishes(pledge.projectId, sellerId);
  const seller = await bed.as(sellerId, 'SELLER');
  await until(() => reviews.replyToReview({ id: review!.id, text: '고맙습니다.' }, seller));
});

test('what was given back is not reviewed, also when its return is heard first; a review of it says so', async () => {
  const buyerId = randomUUID();
  const token = await bed.as(buyerId);
  const [early, late] = [line(), line()];
  await house.completes(buyerId, [early], 10);
  await learned(early.lineId);
  const { review } = await reviews.createReview(written(early.lineId), token);
  await house.returns(buyerId, [early, late], 12);
  await house.completes(buyerId, [late], 11);
  const marker = line();
  await house.completes(buyerId, [marker], 13);
  await learned(marker.lineId);
  assert.is(await refusal(reviews.createReview(written(late.lineId), token)), 'SUBJECT_GIVEN_BACK');
  assert.is((await reviews.getReview({ id: review!.id })).review!.givenBack, true);
});

test('a pledge that was refunded gives no right any more', async () => {
  const backerId = randomUUID();
  const pledge = { pledgeId: randomUUID(), projectId: randomUUID(), backerId };
  await house.pays(pledge, 1);
  await house.refunds(pledge, 2);
  await until(async () => (await rightOf(pledge.pledgeId))?.givenBack === true);
  assert.is(await refusal(reviews.createReview(written(pledge.pledgeId), await bed.as(backerId))), 'SUBJECT_GIVEN_BACK');
});

test('the same event three times gives one right, and one review', async () => {
  const buyerId = randomUUID();
  const token = await bed.as(buyerId);
  const bought = line();
  const id = randomUUID();
  await house.completes(buyerId, [bought], 1, id);
  await learned(bought.lineId);
  await reviews.createReview(written(bought.lineId), token);
  await house.completes(buyerId, [bought], 1, id);
  await house.completes(buyerId, [bought], 1);
  const marker = line();
  await house.completes(buyerId, [marker], 2);
  await learned(marker.lineId);
  assert.is(await refusal(reviews.createReview(written(bought.lineId), token)), 'REVIEW_EXISTS');
});

test('who closes the account leaves reviews without a name, and so does one that is just being written', async () => {
  const { review, accountId, productId } = await reviewed();
  await events.publish(AccountClosed, { accountId, closeTime: bed.now() });
  await events.publish(AccountClosed, { accountId, closeTime: bed.now() });
  await until(async () => (await reviews.getReview({ id: review.id })).review!.authorId === '');
  assert.is((await house.summaryOf(productId)).count, 1);
  const last = await buyer(productId, accountId);
  const { review: late } = await reviews.createReview(written(last.subjectId), last.token);
  assert.is((await reviews.getReview({ id: late!.id })).review!.authorId, '');
  assert.equal((await reviews.listMyReviews({ pageSize: 0, pageToken: '' }, last.token)).reviews, []);
  assert.is(await models.reviews.countDocuments({ authorId: accountId }), 0);
});

test.after(() => house.close());
test.run();
