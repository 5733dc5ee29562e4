import { randomUUID } from 'node:crypto';
import { TargetKind } from '@moa/contracts/review/v1/review';
import { ReviewPosted, ReviewRemoved } from '@moa/contracts/review/v1/review_events';
import { until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openPoints } from './points-support.js';

const house = await openPoints('points-reviews');
const { events, person, entriesOf, rows } = house;
type Person = Awaited<ReturnType<typeof person>>;

const reviewOf = (authorId: string, withPhotos = false) => ({
  reviewId: randomUUID(),
  targetKind: TargetKind.TARGET_KIND_PRODUCT,
  targetId: randomUUID(),
  subjectId: randomUUID(),
  authorId,
  rating: 5,
  withPhotos,
});
const removed = (review: ReturnType<typeof reviewOf>, moderated = true) => ReviewRemoved.fromPartial({ ...review, moderated });

const entriesBecome = (author: Person, expected: string[]) =>
  until(async () => JSON.stringify(await entriesOf(author)) === JSON.stringify(expected)).catch(async () =>
    assert.equal(await entriesOf(author), expected),
  );
const told = new Set<string>();
const publish: typeof events.publish = async (type, event, facts) => {
  const id = await events.publish(type, event, facts);
  told.add(id);
  return id;
};
/** Everything that was told has been handled. Each key has a lane of its own: a later event says nothing of those before it. */
const caughtUp = () =>
  until(async () => {
    const text = "SELECT FROM kit.inbox WHERE consumer = 'user-points' AND event_id = ANY($1)";
    return (await rows(text, [[...told]])).length === told.size;
  });

test('a review earns points, and more with photos', async () => {
  const author = await person();
  await publish(ReviewPosted, reviewOf(author.id));
  await caughtUp();
  await publish(ReviewPosted, reviewOf(author.id, true));
  await entriesBecome(author, ['EARNED 100', 'EARNED 300']);
});

test('the same event three times, and one more when it is shown again, earn once', async () => {
  const author = await person();
  const review = reviewOf(author.id);
  const id = await publish(ReviewPosted, review);
  await publish(ReviewPosted, review, { id });
  await publish(ReviewPosted, review, { id });
  await publish(ReviewPosted, review, { version: 3 });
  await caughtUp();
  assert.equal(await entriesOf(author), ['EARNED 100']);
});

test('what is removed gives its points back, once, and shown again earns none', async () => {
  const author = await person();
  const review = reviewOf(author.id, true);
  await publish(ReviewPosted, review);
  await publish(ReviewRemoved, removed(review), { version: 2 });
  await publish(ReviewPosted, review, { version: 3 });
  await publish(ReviewRemoved, removed(review, false), { version: 4 });
  await caughtUp();
  assert.equal(await entriesOf(author), ['EARNED 300', 'CLAWED_BACK -300']);
});

test('a removal that is heard first takes the earning with it', async () => {
  const author = await person();
  const review = reviewOf(author.id);
  await publish(ReviewRemoved, removed(review), { version: 2 });
  await publish(ReviewPosted, review, { version: 1 });
  await caughtUp();
  assert.equal(await entriesOf(author), []);
});

test('a review whose author has gone earns nothing, and stops nobody', async () => {
  await publish(ReviewRemoved, removed(reviewOf('')));
  await publish(ReviewPosted, reviewOf(''));
  await caughtUp();
});

test.after(() => house.close());
test.run();
