// Chance that a seed decides, so that a story can be told again.

export interface Random {
  /** From 0 up to, not including, 1. */
  next(): number;
  /** A whole number from least to most. */
  whole(least: number, most: number): number;
  pick<T>(of: readonly T[]): T;
  /** Each as likely as its weight says. */
  pickWeighted<T>(of: readonly T[], weightOf: (item: T) => number): T;
  shuffle<T>(of: readonly T[]): T[];
  /** Chance of somebody's own, whatever others draw meanwhile. */
  fork(): Random;
}

/** Mulberry32: 32 bits of state are plenty for a story. */
export function makeRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const whole = (least: number, most: number) => least + Math.floor(next() * (most - least + 1));
  return {
    next,
    whole,
    fork: () => makeRandom(whole(0, 2 ** 31)),
    pick: <T>(of: readonly T[]) => of[whole(0, of.length - 1)] as T,
    pickWeighted<T>(of: readonly T[], weightOf: (item: T) => number) {
      let left = next() * of.reduce((sum, item) => sum + weightOf(item), 0);
      for (const item of of) {
        left -= weightOf(item);
        if (left < 0) return item;
      }
      return of.at(-1) as T;
    },
    shuffle<T>(of: readonly T[]) {
      const shuffled = [...of];
      for (let last = shuffled.length - 1; last > 0; last -= 1) {
        const other = whole(0, last);
        [shuffled[last], shuffled[other]] = [shuffled[other] as T, shuffled[last] as T];
      }
      return shuffled;
    },
  };
}
