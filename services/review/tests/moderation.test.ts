// Reports, what moderators make of them, and what people put into requests.
import { randomUUID } from 'node:crypto';
import { Review_State } from '@moa/contracts/review/v1/review';
import { ReviewPosted, ReviewRemoved } from '@moa/contracts/review/v1/review_events';
import { ModerateReviewRequest_Decision as Decision } from '@moa/contracts/review/v1/review_service';
import { until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { listOf, openReviews, patiently, refusal, TEXT, written } from './support.js';

const house = await openReviews('review-moderation');
const { reviews, buyer, reviewed, person, staff, events, models, summaryOf } = house;
const moderator = await staff();
const { DECISION_HIDE, DECISION_KEEP, DECISION_SHOW } = Decision;
const MOST_REPORTERS = 100;
const AT_ONCE = 15;
const OPERATORS = ['{"$ne":null}', '{"$gt":""}', '$where', '{"$regex":".*"}', "';return true;//", '$set', '__proto__', 'a.b$c'];

const decide = (id: string, decision: Decision) => reviews.moderateReview({ id, decision }, moderator);

async function reported(id: string) {
  for (let pageToken = ''; ; ) {
    const page = await reviews.listReportedReviews({ pageSize: 2, pageToken }, moderator);
    const found = page.reviews.find(({ review }) => review!.id === id);
    if (found || page.nextPageToken === '') return found;
    pageToken = page.nextPageToken;
  }
}

test('each person reports once, also at once; the newest reasons come first, and a decision ends the reports', async () => {
  const { review } = await reviewed();
  const people = await Promise.all(Array.from({ length: 15 }, () => person()));
  await Promise.all(people.flatMap((each, nth) => [0, 1].map(() => reviews.reportReview({ id: review.id, reason: `광고 ${nth}` }, each))));
  const found = await reported(review.id);
  assert.is(found!.reporterCount, 15);
  assert.is(found!.reasons.length, 10);
  assert.ok(found!.firstReportTime);
  assert.is((await decide(review.id, DECISION_KEEP)).review!.state, Review_State.STATE_POSTED);
  assert.is(await reported(review.id), undefined);
  await reviews.reportReview({ id: review.id, reason: '한 번 더' }, people[0]!);
  assert.is(await reported(review.id), undefined);
  await reviews.reportReview({ id: review.id, reason: '욕설' }, await person());
  assert.equal((await reported(review.id))!.reasons, ['욕설']);
  await decide(review.id, DECISION_KEEP);
});

test('those that wait for longest come first, page by page', async () => {
  const ids: string[] = [];
  for (let nth = 0; nth < 5; nth++) {
    const { review } = await reviewed();
    await reviews.reportReview({ id: review.id, reason: '욕설' }, await person());
    ids.push(review.id);
  }
  const seen: string[] = [];
  for (let pageToken = ''; ; ) {
    const page = await reviews.listReportedReviews({ pageSize: 2, pageToken }, moderator);
    seen.push(...page.reviews.map(({ review }) => review!.id));
    pageToken = page.nextPageToken;
    if (pageToken === '') break;
  }
  assert.equal(seen, ids);
  for (const id of ids) await decide(id, DECISION_KEEP);
});

test('what a moderator hides nobody else sees or counts, and its event says who removed it; shown again it counts again', async () => {
  const { review, productId, token } = await reviewed();
  const removed = await events.listen(ReviewRemoved);
  const posted = await events.listen(ReviewPosted);
  await decide(review.id, DECISION_HIDE);
  await decide(review.id, DECISION_HIDE);
  assert.is(await refusal(reviews.getReview({ id: review.id })), 'REVIEW_NOT_FOUND');
  assert.is((await reviews.getReview({ id: review.id }, token)).review!.state, Review_State.STATE_HIDDEN);
  assert.equal((await reviews.listReviews(listOf(productId))).reviews, []);
  assert.is((await summaryOf(productId)).count, 0);
  const hidden = (await reviews.getReview({ id: review.id }, token)).review!;
  const edit = { id: review.id, rating: 1, text: TEXT, imageUrls: [], etag: hidden.etag };
  assert.is(await refusal(reviews.updateReview(edit, token)), 'REVIEW_HIDDEN');
  assert.is(await refusal(reviews.markHelpful({ id: review.id, helpful: true }, await person())), 'REVIEW_NOT_FOUND');
  await decide(review.id, DECISION_SHOW);
  assert.is((await summaryOf(productId)).count, 1);
  const ofIt = (heard: readonly { reviewId: string }[]) => heard.filter(({ reviewId }) => reviewId === review.id);
  await until(() => ofIt(posted).length === 1);
  assert.equal(
    ofIt(removed).map((event) => (event as ReviewRemoved).moderated),
    [true],
  );
  await reviews.deleteReview({ id: review.id }, token);
  assert.is(await refusal(decide(review.id, DECISION_SHOW)), 'REVIEW_DELETED');
});

test('after a hundred reporters no more are kept, and nobody is refused', async () => {
  const { review } = await reviewed();
  const people = await Promise.all(Array.from({ length: MOST_REPORTERS + 5 }, () => person()));
  for (let first = 0; first < people.length; first += AT_ONCE) {
    const some = people.slice(first, first + AT_ONCE);
    await Promise.all(some.map((each) => patiently(() => reviews.reportReview({ id: review.id, reason: '욕설' }, each))));
  }
  const stored = await models.reviews.findById(review.id).lean();
  assert.ok(stored!.reporters.length >= MOST_REPORTERS && stored!.reporters.length <= people.length);
  assert.is((await reported(review.id))!.reporterCount, stored!.reporters.length);
  await decide(review.id, DECISION_KEEP);
});

test('nobody reports a review of their own, and none that is not there', async () => {
  const { review, token } = await reviewed();
  assert.is(await refusal(reviews.reportReview({ id: review.id, reason: '욕설' }, token)), 'OWN_REVIEW');
  assert.is(await refusal(reviews.reportReview({ id: randomUUID(), reason: '욕설' }, token)), 'REVIEW_NOT_FOUND');
  assert.is(await refusal(reviews.moderateReview({ id: review.id, decision: DECISION_HIDE }, token)), 'CALLER_NOT_ALLOWED');
});

test('operators in any text are text, and in any id are refused', async () => {
  const { review, subjectId, productId, token } = await reviewed();
  const voter = await person();
  for (const operator of OPERATORS) {
    const text = `${operator} 라고 쓴 리뷰입니다`;
    const other = await buyer(productId);
    const { review: odd } = await reviews.createReview(written(other.subjectId, { text }), other.token);
    assert.is((await reviews.getReview({ id: odd!.id })).review!.text, text);
    const edited = await reviews.updateReview({ id: odd!.id, rating: 1, text: `${text}.`, imageUrls: [], etag: odd!.etag }, other.token);
    assert.is(edited.review!.text, `${text}.`);
    await reviews.reportReview({ id: odd!.id, reason: operator }, voter);
    assert.equal((await reported(odd!.id))!.reasons, [operator]);
    await decide(odd!.id, DECISION_KEEP);
    await reviews.deleteReview({ id: odd!.id }, other.token);
    const refused = [
      () => reviews.createReview(written(operator), token),
      () => reviews.createReview({ ...written(subjectId), requestId: operator }, token),
      () => reviews.createReview(written(subjectId, { imageUrls: [operator] }), token),
      () => reviews.getReview({ id: operator }),
      () => reviews.deleteReview({ id: operator }, token),
      () => reviews.updateReview({ id: operator, rating: 1, text: TEXT, imageUrls: [], etag: '' }, token),
      () => reviews.listReviews(listOf(operator)),
      () => reviews.markHelpful({ id: operator, helpful: true }, voter),
      () => reviews.reportReview({ id: operator, reason: '욕설' }, voter),
      () => reviews.moderateReview({ id: operator, decision: DECISION_HIDE }, moderator),
    ];
    for (const call of refused) assert.is(await refusal(call()), 'REQUEST_INVALID', operator);
    const stale = reviews.updateReview({ id: review.id, rating: 1, text: TEXT, imageUrls: [], etag: operator }, token);
    assert.is(await refusal(stale), 'ETAG_STALE');
    for (const list of [
      () => reviews.listReviews(listOf(productId, { pageToken: operator })),
      () => reviews.listMyReviews({ pageSize: 0, pageToken: operator }, token),
      () => reviews.listReportedReviews({ pageSize: 0, pageToken: operator }, moderator),
    ])
      assert.is(await refusal(list()), 'PAGE_TOKEN_INVALID');
  }
  assert.is((await reviews.getReview({ id: review.id })).review!.etag, review.etag);
  assert.is(await models.reviews.countDocuments({ state: 'DELETED', targetId: productId }), OPERATORS.length);
});

test('what is too short, too long, too much or no star is refused', async () => {
  const { subjectId, token } = await buyer();
  const image = 'https://img.moa.example/1.jpg';
  const bad = [
    { rating: 0 },
    { rating: 6 },
    { text: '짧다' },
    { text: '가'.repeat(2001) },
    { imageUrls: Array.from({ length: 7 }, () => image) },
    { imageUrls: ['http://img.moa.example/1.jpg'] },
    { imageUrls: ['javascript:alert(1)'] },
    { imageUrls: [`https://${'a'.repeat(500)}`] },
  ];
  for (const more of bad)
    assert.is(await refusal(reviews.createReview(written(subjectId, more), token)), 'REQUEST_INVALID', JSON.stringify(more).slice(0, 60));
  await reviews.createReview(written(subjectId, { text: '가'.repeat(2000), imageUrls: Array.from({ length: 6 }, () => image) }), token);
});

test.after(() => house.close());
test.run();
