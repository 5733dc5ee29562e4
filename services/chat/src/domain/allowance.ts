// How much each sender may send: a bucket that fills again by and by.
const MINUTE_MS = 60_000;
const REMEMBERED = 50_000;

export interface Rate {
  readonly perMinute: number;
  readonly burst: number;
}

export interface Allowance {
  /** Takes one; gives 0, or in how many milliseconds there is one again. */
  take(sender: string, at: Date): number;
}

/** Each copy of the service counts by itself; Envoy counts for all of them. */
export function openAllowance({ perMinute, burst }: Rate): Allowance {
  // When the bucket of each is full again.
  const fullMs = new Map<string, number>();
  const msOfOne = MINUTE_MS / perMinute;

  return {
    take(sender, at) {
      const nowMs = at.getTime();
      const fullAgainMs = Math.max(fullMs.get(sender) ?? 0, nowMs) + msOfOne;
      const waitMs = fullAgainMs - burst * msOfOne - nowMs;
      if (waitMs > 0) return waitMs;
      // Those who sent last stand last.
      fullMs.delete(sender);
      fullMs.set(sender, fullAgainMs);
      if (fullMs.size > REMEMBERED) fullMs.delete(fullMs.keys().next().value!);
      return 0;
    },
  };
}
