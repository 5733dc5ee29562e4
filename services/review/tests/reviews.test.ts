import { randomUUID } from 'node:crypto';
import { Review_State } from '@moa/contracts/review/v1/review';
import { ReviewPosted, ReviewRemoved } from '@moa/contracts/review/v1/review_events';
import { ListReviewsRequest_Order as Order } from '@moa/contracts/review/v1/review_service';
import { until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { listOf, openReviews, refusal, TEXT, written } from './support.js';

const house = await openReviews('reviews');
const { reviews, buyer, reviewed, person, sellerOf, models, bed } = house;
const MOST_EDITS = 20;

test('who bought writes a review; anybody reads it', async () => {
  const { subjectId, productId, accountId, token } = await buyer();
  const image = 'https://img.moa.example/1.jpg';
  const { review } = await reviews.createReview(written(subjectId, { rating: 4, imageUrls: [image] }), token);
  const { review: read, revisions } = await reviews.getReview({ id: review!.id });
  assert.equal(read, review);
  assert.equal(revisions, []);
  assert.equal(
    [read!.authorId, read!.targetId, read!.subjectId, read!.rating, read!.text, read!.imageUrls, read!.state, read!.givenBack],
    [accountId, productId, subjectId, 4, TEXT, [image], Review_State.STATE_POSTED, false],
  );
});

test('without a right of their own nobody writes one, and nobody learns of the rights of others', async () => {
  const { subjectId } = await buyer();
  assert.is(await refusal(reviews.createReview(written(subjectId), await person())), 'RIGHT_NOT_FOUND');
  assert.is(await refusal(reviews.createReview(written(randomUUID()), await person())), 'RIGHT_NOT_FOUND');
});

test('the same request again gives the same review; another one is refused', async () => {
  const { subjectId, token } = await buyer();
  const request = written(subjectId);
  const first = await reviews.createReview(request, token);
  assert.is((await reviews.createReview(request, token)).review!.id, first.review!.id);
  assert.is(await refusal(reviews.createReview({ ...request, rating: 1 }, token)), 'REQUEST_ID_REUSED');
  assert.is(await refusal(reviews.createReview(written(subjectId), token)), 'REVIEW_EXISTS');
});

test('an edit keeps what was there before, for all to see; an old etag changes nothing', async () => {
  const { review, token } = await reviewed();
  const edit = { id: review.id, rating: 2, text: '한 달 뒤에 고장이 났습니다.', imageUrls: [], etag: review.etag };
  const { review: edited } = await reviews.updateReview(edit, token);
  assert.is.not(edited!.etag, review.etag);
  assert.is(await refusal(reviews.updateReview({ ...edit, rating: 1 }, token)), 'ETAG_STALE');
  const { review: read, revisions } = await reviews.getReview({ id: review.id });
  assert.equal([read!.rating, read!.text], [2, edit.text]);
  assert.equal(
    revisions.map(({ rating, text, createTime }) => [rating, text, createTime]),
    [[5, TEXT, review.createTime]],
  );
});

test('a review can be changed twenty times', async () => {
  const { review, token } = await reviewed();
  let { etag } = review;
  for (let nth = 0; nth < MOST_EDITS; nth++)
    etag = (await reviews.updateReview({ id: review.id, rating: 3, text: `${nth}번째로 고쳐 쓴 리뷰`, imageUrls: [], etag }, token)).review!
      .etag;
  assert.is(await refusal(reviews.updateReview({ id: review.id, rating: 3, text: TEXT, imageUrls: [], etag }, token)), 'EDITS_TOO_MANY');
  assert.is((await reviews.getReview({ id: review.id })).revisions.length, MOST_EDITS);
});

test('of two edits of the same state one is made', async () => {
  const { review, token } = await reviewed();
  const edit = (rating: number) => reviews.updateReview({ id: review.id, rating, text: TEXT, imageUrls: [], etag: review.etag }, token);
  const outcomes = await Promise.all([1, 2, 3, 4].map((rating) => refusal(edit(rating))));
  assert.equal(outcomes.sort(), ['ETAG_STALE', 'ETAG_STALE', 'ETAG_STALE', 'OK']);
});

test('what its author deletes is gone, and the right to write it is used', async () => {
  const { review, productId, subjectId, token } = await reviewed();
  await reviews.deleteReview({ id: review.id }, token);
  assert.is(await refusal(reviews.getReview({ id: review.id })), 'REVIEW_NOT_FOUND');
  assert.is(await refusal(reviews.deleteReview({ id: review.id }, token)), 'REVIEW_NOT_FOUND');
  assert.is(await refusal(reviews.createReview(written(subjectId), token)), 'REVIEW_EXISTS');
  assert.equal((await reviews.listReviews(listOf(productId))).reviews, []);
  const stored = await models.reviews.findById(review.id).lean();
  assert.equal([stored!.text, stored!.imageUrls, stored!.revisions], ['', [], []]);
});

test('another person changes, deletes and answers nothing', async () => {
  const { review, productId } = await reviewed();
  const stranger = await person();
  const edit = { id: review.id, rating: 1, text: TEXT, imageUrls: [], etag: review.etag };
  assert.is(await refusal(reviews.updateReview(edit, stranger)), 'REVIEW_NOT_FOUND');
  assert.is(await refusal(reviews.deleteReview({ id: review.id }, stranger)), 'REVIEW_NOT_FOUND');
  await sellerOf(productId);
  const another = await sellerOf(randomUUID());
  assert.is(await refusal(reviews.replyToReview({ id: review.id, text: '감사합니다.' }, another)), 'REVIEW_NOT_FOUND');
  assert.equal((await reviews.getReview({ id: review.id })).review, review);
});

test('the seller answers, answers differently, and takes the answer back', async () => {
  const { review, productId } = await reviewed();
  const seller = await sellerOf(productId);
  const reply = async (text: string) => (await reviews.replyToReview({ id: review.id, text }, seller)).review!.reply?.text;
  assert.is(await reply('감사합니다.'), '감사합니다.');
  assert.is(await reply('고맙습니다.'), '고맙습니다.');
  assert.is((await reviews.getReview({ id: review.id })).review!.reply!.text, '고맙습니다.');
  assert.is(await reply(''), undefined);
});

test('lists come in every order and by photos and stars, page by page, each review once', async () => {
  const productId = randomUUID();
  const photos = ['https://img.moa.example/2.jpg'];
  for (let nth = 0; nth < 11; nth++) {
    const { review } = await reviewed(productId, { rating: (nth % 5) + 1, ...(nth % 2 && { imageUrls: photos }) });
    for (let voter = 0; voter < nth % 3; voter++) await reviews.markHelpful({ id: review.id, helpful: true }, await person());
  }
  const all = (await reviews.listReviews(listOf(productId, { pageSize: 100 }))).reviews;
  const newest = all.map(({ id }) => id);
  assert.is(newest.length, 11);
  assert.equal(
    [...all].sort((a, b) => b.createTime!.getTime() - a.createTime!.getTime()).map(({ id }) => id),
    newest,
  );
  const by = (key: (review: (typeof all)[0]) => number) => [...all].sort((a, b) => key(a) - key(b)).map(({ id }) => id);
  const expected: [object, string[]][] = [
    [{}, newest],
    [{ order: Order.ORDER_MOST_HELPFUL }, by(({ helpfulCount }) => -helpfulCount)],
    [{ order: Order.ORDER_BEST }, by(({ rating }) => -rating)],
    [{ order: Order.ORDER_WORST }, by(({ rating }) => rating)],
    [{ withPhotos: true }, all.filter(({ imageUrls }) => imageUrls.length > 0).map(({ id }) => id)],
    [{ rating: 1 }, all.filter(({ rating }) => rating === 1).map(({ id }) => id)],
    [{ rating: 1, order: Order.ORDER_BEST }, all.filter(({ rating }) => rating === 1).map(({ id }) => id)],
  ];
  for (const [more, ids] of expected) {
    const seen: string[] = [];
    for (let pageToken = ''; ; ) {
      const page = await reviews.listReviews(listOf(productId, { ...more, pageSize: 2, pageToken }));
      seen.push(...page.reviews.map(({ id }) => id));
      pageToken = page.nextPageToken;
      if (pageToken === '') break;
    }
    assert.equal(seen, ids, JSON.stringify(more));
  }
  const { nextPageToken } = await reviews.listReviews(listOf(productId, { pageSize: 2 }));
  assert.is(await refusal(reviews.listReviews(listOf(productId, { pageToken: nextPageToken, withPhotos: true }))), 'PAGE_TOKEN_INVALID');
  const forged = Buffer.from(JSON.stringify([1, '', { $gt: '' }])).toString('base64url');
  assert.is(await refusal(reviews.listReviews(listOf(productId, { pageToken: forged }))), 'PAGE_TOKEN_INVALID');
});

test('a person sees the reviews of their own, newest first', async () => {
  const accountId = randomUUID();
  const token = await bed.as(accountId);
  const ids: string[] = [];
  for (let nth = 0; nth < 3; nth++) {
    const { subjectId } = await buyer(randomUUID(), accountId);
    ids.unshift((await reviews.createReview(written(subjectId), token)).review!.id);
  }
  const first = await reviews.listMyReviews({ pageSize: 2, pageToken: '' }, token);
  const second = await reviews.listMyReviews({ pageSize: 2, pageToken: first.nextPageToken }, token);
  assert.equal(
    [...first.reviews, ...second.reviews].map(({ id }) => id),
    ids,
  );
  assert.is(second.nextPageToken, '');
});

test('what is written and what is deleted is told by event', async () => {
  const { events } = house;
  const posted = await events.listen(ReviewPosted);
  const removed = await events.listen(ReviewRemoved);
  const { review, subjectId, accountId, token } = await reviewed(randomUUID(), { rating: 4 });
  await reviews.deleteReview({ id: review.id }, token);
  await until(() => removed.some(({ reviewId }) => reviewId === review.id));
  const event = posted.find(({ reviewId }) => reviewId === review.id)!;
  assert.equal([event.subjectId, event.authorId, event.rating, event.withPhotos], [subjectId, accountId, 4, false]);
  assert.is(removed.find(({ reviewId }) => reviewId === review.id)!.moderated, false);
});

test.after(() => house.close());
test.run();
