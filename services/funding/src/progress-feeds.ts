// The progress of projects for everybody who watches: one look a second at the rows that somebody watches, however many do. Each copy of the
// service looks by itself, so that it needs no word from the others.
import type { WatchProjectResponse } from '@moa/contracts/funding/v1/project_service';
import { standingToProto } from './convert.js';
import type { Standing } from './domain/project.js';
import { fail } from './errors.js';

// Also without news: a stream that is silent for minutes is cut on its way.
const SAY_AGAIN_MS = 60_000;

export interface ProgressFeeds {
  /**
   * The progress now, and each time it has moved, the latest only: who reads slowly misses what lay between. Ends with the project, or with
   * the signal. Throws PROJECT_NOT_FOUND for one that is not public.
   */
  watch(projectId: string, signal: AbortSignal): AsyncGenerator<WatchProjectResponse>;
  /** Looks at all that are watched, and tells who watches them. */
  look(at: Date): Promise<void>;
}

interface Feed {
  viewers: number;
  latest: WatchProjectResponse | undefined;
  toldMs: number;
  /** Rejects when there is nothing to watch. */
  readonly opened: Promise<WatchProjectResponse>;
  readonly waiting: Set<() => void>;
}

export function openProgressFeeds(read: (projectIds: readonly string[]) => Promise<readonly Standing[]>, now: () => Date): ProgressFeeds {
  const feeds = new Map<string, Feed>();

  return {
    async *watch(projectId, signal) {
      const feed = feeds.get(projectId) ?? open(projectId);
      feed.viewers++;
      try {
        let told: WatchProjectResponse | undefined;
        while (!signal.aborted) {
          const latest = feed.latest ?? (await feed.opened);
          if (latest !== told) yield latest;
          if (latest.ended) return;
          told = latest;
          if (latest === feed.latest) await news(feed, signal);
        }
      } finally {
        feed.viewers--;
        if (feed.viewers === 0) feeds.delete(projectId);
      }
    },
    async look(at) {
      const watched = [...feeds].flatMap(([projectId, { latest }]) => (latest ? [projectId] : []));
      if (watched.length === 0) return;
      for (const standing of await read(watched)) tell(feeds.get(standing.id), standingToProto(standing, at));
    },
  };

  // One look for all who come while it lasts.
  function open(projectId: string): Feed {
    const opened = read([projectId]).then(([standing]) => {
      if (!standing?.public) throw fail('PROJECT_NOT_FOUND');
      feed.latest ??= standingToProto(standing, now());
      return feed.latest;
    });
    const feed: Feed = { viewers: 0, latest: undefined, toldMs: performance.now(), opened, waiting: new Set() };
    feeds.set(projectId, feed);
    return feed;
  }

  function tell(feed: Feed | undefined, next: WatchProjectResponse): void {
    const nowMs = performance.now();
    if (!feed?.latest || (isSame(feed.latest, next) && nowMs - feed.toldMs < SAY_AGAIN_MS)) return;
    feed.latest = next;
    feed.toldMs = nowMs;
    for (const wake of feed.waiting) wake();
  }
}

const isSame = (one: WatchProjectResponse, other: WatchProjectResponse): boolean =>
  one.progress!.raised!.amountMinor === other.progress!.raised!.amountMinor &&
  one.progress!.pledgeCount === other.progress!.pledgeCount &&
  one.phase === other.phase &&
  one.ended === other.ended;

function news({ waiting }: Feed, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      waiting.delete(wake);
      signal.removeEventListener('abort', wake);
      resolve();
    };
    waiting.add(wake);
    signal.addEventListener('abort', wake);
  });
}
