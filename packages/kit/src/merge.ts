// Calls that come together are done together: one statement for many, each with its own outcome.

/** What came of one item of several that were done together: its value, or the error that is its own. */
export type Outcome<R> = { readonly value: R } | { readonly error: unknown };

/**
 * Makes a function of one item from one of several. What comes while `run` is under way waits, and is run together then, at most `most`
 * at once: alone, nobody waits for anybody; in a crowd, a statement and a commit serve many. `run` gives an outcome for each item, in
 * their order. When it throws, nothing was done, and each item is run by itself, so that none fails for another.
 *
 *     const place = mergeCalls(32, (orders: readonly Order[]) => placeAll(db, orders));
 *     const pledge = await place(order);
 */
export function mergeCalls<T, R>(most: number, run: (items: readonly T[]) => Promise<readonly Outcome<R>[]>): (item: T) => Promise<R> {
  interface Waiting {
    readonly item: T;
    readonly settle: (outcome: Outcome<R>) => void;
  }
  let waiting: Waiting[] = [];
  let running = false;

  return (item) =>
    new Promise<R>((resolve, reject) => {
      waiting.push({ item, settle: (outcome) => ('error' in outcome ? reject(outcome.error) : resolve(outcome.value)) });
      if (!running) void runAll();
    });

  async function runAll(): Promise<void> {
    running = true;
    while (waiting.length > 0) {
      const together = waiting.slice(0, most);
      waiting = waiting.slice(most);
      await runTogether(together);
    }
    running = false;
  }

  async function runTogether(together: readonly Waiting[]): Promise<void> {
    try {
      const outcomes = await run(together.map(({ item }) => item));
      for (const [place, { settle }] of together.entries()) settle(outcomes[place]!);
    } catch (error) {
      if (together.length === 1) return together[0]!.settle({ error });
      await Promise.all(together.map((one) => runTogether([one])));
    }
  }
}
