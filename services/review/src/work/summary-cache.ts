// Ratings that many look at: read once for all who ask at the same time, kept for a moment, and forgotten when a copy says that they changed.
import type { Ratings } from '../domain/summary.js';

/** Should nobody hear of a change, nothing older than this is shown. */
const KEPT_MS = 500;
const MOST_KEPT = 10_000;

interface Kept {
  readonly ratings: Promise<Ratings>;
  readonly untilMs: number;
}

export interface SummaryCache {
  get(key: string, read: () => Promise<Ratings>): Promise<Ratings>;
  drop(key: string): void;
}

export function openSummaryCache(): SummaryCache {
  const kept = new Map<string, Kept>();
  return {
    get(key, read) {
      const found = kept.get(key);
      if (found && found.untilMs > performance.now()) return found.ratings;
      const ratings = read();
      const entry = { ratings, untilMs: performance.now() + KEPT_MS };
      kept.delete(key);
      kept.set(key, entry);
      ratings.catch(() => {
        if (kept.get(key) === entry) kept.delete(key);
      });
      // The one that was kept first goes.
      if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value!);
      return ratings;
    },
    drop: (key) => void kept.delete(key),
  };
}
