// An invariant, looked at from outside: by SQL of the demo's own and the provider's books, never by a service's answer.

import type { Stage } from '../stage.js';

export interface Finding {
  readonly holds: boolean;
  /** The numbers that were compared. */
  readonly figures: string;
}

export interface Check {
  readonly says: string;
  look(stage: Stage): Promise<Finding>;
}

/** A check over what breaks it: it holds when there is nothing. The first few are shown. */
export function noneOf(broken: readonly string[], figures: string): Finding {
  const shown = broken.slice(0, 3).join('; ');
  return { holds: broken.length === 0, figures: broken.length === 0 ? figures : `${broken.length} broken of ${figures}: ${shown}` };
}

export function countBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1);
  return counts;
}
