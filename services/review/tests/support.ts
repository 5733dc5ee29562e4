// What the tests of reviews share: the service in this process, and people who have something to review.
import { randomUUID } from 'node:crypto';
import { PledgePaid, PledgeRefunded, ProjectPublished } from '@moa/contracts/funding/v1/funding_events';
import { OrderCompleted, OrderReturned } from '@moa/contracts/purchase/v1/purchase_events';
import { TargetKind } from '@moa/contracts/review/v1/review';
import { ListReviewsRequest_Order, ReviewServiceDefinition } from '@moa/contracts/review/v1/review_service';
import { type Running, readConfig } from '@moa/kit';
import { connectDocuments } from '@moa/kit/mongo';
import { openEvents, openTestbed, reasonOf } from '@moa/testkit';
import { variables } from '../src/config.js';
import { startReview } from '../src/service.js';
import { openModels } from '../src/store/models.js';
import { saveRight, saveSeller } from '../src/store/rights.js';

/** A review service in a bed of its own, its events, and its store behind its back. */
export async function openReviews(name: string) {
  const bed = await openTestbed(name);
  const environment = await bed.environment('review');
  const connection = await connectDocuments(environment['MONGODB_URL']!);
  const models = openModels(connection);
  const events = await openEvents(bed);
  const running = await startReview(readConfig(variables, environment));
  const clientOf = (address: string) => bed.connect(ReviewServiceDefinition, address);
  const reviews = clientOf(running.address);
  const copies: Running[] = [];
  let version = 0;

  /** A person with a completed order line, without waiting for the event. */
  async function buyer(productId: string = randomUUID(), accountId: string = randomUUID()) {
    const subjectId = randomUUID();
    const right = { _id: subjectId, accountId, targetKind: 'PRODUCT', targetId: productId, givenBack: false, version: 1n } as const;
    await saveRight(models, right);
    return { accountId, productId, subjectId, token: await bed.as(accountId) };
  }

  return {
    bed,
    environment,
    models,
    events,
    reviews,
    clientOf,
    buyer,
    /** One more copy of the service, over the same store. */
    async copy() {
      const another = await startReview(readConfig(variables, environment));
      copies.push(another);
      return clientOf(another.address);
    },
    person: async () => bed.as(randomUUID()),
    staff: () => bed.as(randomUUID(), 'ADMIN'),
    async sellerOf(productId: string) {
      const sellerId = randomUUID();
      await saveSeller(models, productId, sellerId);
      return bed.as(sellerId, 'SELLER');
    },
    /** A review that stands. */
    async reviewed(productId: string = randomUUID(), more: object = {}) {
      const author = await buyer(productId);
      const request = written(author.subjectId, more);
      const created = await patiently(() => reviews.createReview(request, author.token));
      return { ...author, review: created!.review! };
    },
    summaryOf: async (productId: string) => (await reviews.getRatingSummary(about(productId))).summary!,
    /** Of an order's lines. `at` is the order's version. */
    completes: (buyerId: string, lines: readonly Line[], at = ++version, id?: string) =>
      events.publish(OrderCompleted, OrderCompleted.fromPartial({ orderId: ORDER, buyerId, lines: [...lines] }), {
        version: at,
        ...(id && { id }),
      }),
    returns: (buyerId: string, lines: readonly Line[], at = ++version) =>
      events.publish(OrderReturned, OrderReturned.fromPartial({ orderId: ORDER, buyerId, lines: [...lines] }), { version: at }),
    pays: (pledge: { pledgeId: string; projectId: string; backerId: string }, at = ++version) =>
      events.publish(PledgePaid, PledgePaid.fromPartial(pledge), { version: at }),
    refunds: (pledge: { pledgeId: string; projectId: string; backerId: string }, at = ++version) =>
      events.publish(PledgeRefunded, PledgeRefunded.fromPartial(pledge), { version: at }),
    publishes: (projectId: string, sellerId: string) =>
      events.publish(ProjectPublished, ProjectPublished.fromPartial({ projectId, sellerId, title: '달빛 조명' })),
    async close(...stops: (() => Promise<void>)[]) {
      for (const stop of stops) await stop();
      await events.close();
      for (const another of copies) await another.stop();
      await running.stop();
      await connection.close();
      await bed.close();
    },
  };
}

const ORDER = randomUUID();

interface Line {
  readonly lineId: string;
  readonly productId: string;
  readonly sellerId: string;
}

export const TEXT = '튼튼하고 예뻐서 매일 씁니다.';

export const written = (subjectId: string, more: object = {}) => ({
  requestId: randomUUID(),
  subjectId,
  rating: 5,
  text: TEXT,
  imageUrls: [],
  ...more,
});

export const about = (targetId: string) => ({ targetKind: TargetKind.TARGET_KIND_PRODUCT, targetId });

export const listOf = (targetId: string, more: object = {}) => ({
  ...about(targetId),
  order: ListReviewsRequest_Order.ORDER_NEWEST,
  withPhotos: false,
  rating: 0,
  pageSize: 0,
  pageToken: '',
  ...more,
});

const DEADLINE_EXCEEDED = 4;

/** Asks again by the same request when a busy machine gave no answer in time. `done` is what a repeat says of what the first has done. */
export async function patiently<T>(call: () => Promise<T>, done = ''): Promise<T | undefined> {
  for (let isRepeat = false; ; isRepeat = true) {
    try {
      return await call();
    } catch (error) {
      if (isRepeat && reasonOf(error) === done) return undefined;
      if ((error as { code?: number }).code !== DEADLINE_EXCEEDED) throw error;
    }
  }
}

/** The reason of a refusal, and the outcome of what was not refused. */
export async function refusal(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'OK',
    (error: unknown) => reasonOf(error) ?? String(error),
  );
}
