import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decided, etagOf, keyOf, revisionOf, targetOfKey } from '../src/domain/review.js';
import { averageHundredths, countOf, NO_RATINGS, ratingsOf, sameRatings } from '../src/domain/summary.js';

const review = {
  _id: 'r',
  targetKind: 'PRODUCT',
  targetId: 'p',
  subjectId: 's',
  authorId: 'a',
  rating: 4,
  text: '좋아요',
  imageUrls: [],
  state: 'POSTED',
  createTime: new Date(1),
  helpfulCount: 0,
  version: 3,
  revisions: [],
} as const;

const reasonOf = (work: () => unknown) => {
  try {
    work();
    return 'OK';
  } catch (error) {
    return (error as { reason: string }).reason;
  }
};

const counted = (...counts: number[]) => ({ counts, withPhotosCount: 0 });

test('an average is in hundredths of a star, rounded half up', () => {
  const cases: [number[], number][] = [
    [[0, 0, 0, 0, 0], 0],
    [[0, 0, 0, 0, 1], 500],
    [[1, 0, 0, 0, 1], 300],
    [[1, 1, 0, 0, 0], 150],
    // A third and two thirds.
    [[2, 1, 0, 0, 0], 133],
    [[1, 2, 0, 0, 0], 167],
    // Half of a hundredth goes up: 201 stars of 200.
    [[199, 1, 0, 0, 0], 101],
    // A little less goes down: 1 + 1/201.
    [[200, 1, 0, 0, 0], 100],
  ];
  for (const [counts, expected] of cases) assert.is(averageHundredths(counted(...counts)), expected, counts.join());
});

test('ratings are made of how many there are of each, with photos and without', () => {
  const ratings = ratingsOf([
    { rating: 5, hasPhotos: true, count: 2 },
    { rating: 5, hasPhotos: false, count: 3 },
    { rating: 1, hasPhotos: true, count: 4 },
  ]);
  assert.equal(ratings, { counts: [4, 0, 0, 0, 5], withPhotosCount: 6 });
  assert.is(countOf(ratings), 9);
  assert.equal(ratingsOf([]), NO_RATINGS);
  assert.ok(sameRatings(ratings, { ...ratings }));
  assert.not.ok(sameRatings(ratings, { ...ratings, withPhotosCount: 5 }));
});

test('an edit is refused for what is hidden, deleted or changed meanwhile', () => {
  assert.equal(revisionOf(review, etagOf(review)), { rating: 4, text: '좋아요', imageUrls: [], createTime: review.createTime });
  assert.is(
    reasonOf(() => revisionOf(review, 'v2')),
    'ETAG_STALE',
  );
  assert.is(
    reasonOf(() => revisionOf({ ...review, state: 'HIDDEN' }, 'v3')),
    'REVIEW_HIDDEN',
  );
  assert.is(
    reasonOf(() => revisionOf({ ...review, state: 'DELETED' }, 'v3')),
    'REVIEW_DELETED',
  );
});

test('every decision leads where it says, from every state', () => {
  const outcomes = (['POSTED', 'HIDDEN'] as const).flatMap((state) =>
    (['HIDE', 'SHOW', 'KEEP'] as const).map((decision) => `${state} ${decision} ${decided(state, decision)}`),
  );
  assert.equal(outcomes, [
    'POSTED HIDE HIDDEN',
    'POSTED SHOW POSTED',
    'POSTED KEEP POSTED',
    'HIDDEN HIDE HIDDEN',
    'HIDDEN SHOW POSTED',
    'HIDDEN KEEP HIDDEN',
  ]);
  for (const decision of ['HIDE', 'SHOW', 'KEEP'] as const)
    assert.is(
      reasonOf(() => decided('DELETED', decision)),
      'REVIEW_DELETED',
    );
});

test('a target is known by its key', () => {
  const target = { kind: 'PROJECT', id: 'x' } as const;
  assert.equal(targetOfKey(keyOf(target)), target);
});

test.run();
