import { ReviewServiceDefinition } from '@moa/contracts/review/v1/review_service';
import { type Documents, openHost, originAt, type Running } from '@moa/kit';
import { openDocuments } from '@moa/kit/mongo';
import type { ReviewConfig } from './config.js';
import { keyOf, type Target, targetOfKey } from './domain/review.js';
import { ofClosing, ofRights } from './events/index.js';
import { countUncounted } from './jobs/count-uncounted.js';
import { reviewService } from './rpc/index.js';
import { type Models, openModels, WITH_OUTBOX } from './store/models.js';
import { countRatings } from './store/ratings.js';
import { countVotes } from './store/votes.js';
import { sharedCounter } from './work/counter.js';
import { openSummaryCache, type SummaryCache } from './work/summary-cache.js';

const COUNT_EVERY_MS = 500;
const CHANGED = 'ratings';

export interface Context {
  readonly db: Documents<Models>;
  readonly models: Models;
  readonly summaries: SummaryCache;
  /** Makes a target's summary anew. */
  readonly countRatings: (target: Target) => Promise<void>;
  /** Makes a review's count of votes anew. */
  readonly countVotes: (reviewId: string) => Promise<void>;
}

export async function startReview(config: ReviewConfig): Promise<Running> {
  const host = await openHost('review', config);
  const db = await openDocuments(host, config.MONGODB_URL.reveal(), openModels, WITH_OUTBOX);
  const { models } = db;
  const summaries = openSummaryCache();
  const live = await host.live();
  live.subscribe(CHANGED, (key) => summaries.drop(Buffer.from(key).toString()));
  const counter = sharedCounter(async (key) => {
    await countRatings(models, targetOfKey(key), originAt(host.clock.now()));
    db.wakeRelay();
    summaries.drop(key);
    live.publish(CHANGED, Buffer.from(key));
  });
  const context: Context = {
    db,
    models,
    summaries,
    countRatings: (target) => counter(keyOf(target)),
    countVotes: sharedCounter((reviewId) => countVotes(models, reviewId)),
  };

  host.serve(ReviewServiceDefinition, reviewService(context));
  await host.relay(db);
  host.consume('rights', db, ofRights);
  host.consume('closing', db, ofClosing);
  host.job('count', COUNT_EVERY_MS, () => countUncounted(context));
  return host.listen();
}
