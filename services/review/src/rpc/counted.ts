import type { Review } from '../domain/review.js';
import type { Context } from '../service.js';

/** After a write: its event leaves, and the ratings are made anew. Should that fail, the job does it; what was written is written. */
export async function counted({ db, countRatings }: Context, { targetKind, targetId }: Review): Promise<void> {
  db.wakeRelay();
  await countRatings({ kind: targetKind, id: targetId }).catch(() => {});
}
