// Random operations of backers, sellers, admins, a bank and the clock against the real funding, payment and provider, side by side and
// with every fault that the provider and the events have; a simple model says what may come of them.
//
// A failure prints what was done, made as short as it could be in a while, and how to do it again. RUNS=<number> goes on for longer.
import fc from 'fast-check';
import { test } from 'uvu';
import { plans } from './money/operations.js';
import { carryOut, type Tally } from './money/run.js';
import { openStand } from './money/stand.js';

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const numRuns = Number(process.env['RUNS'] ?? 5);
/** Without RUNS no run begins after this. */
const TIME_MS = 60_000;
const SHRINKING_MS = 120_000;

const stand = await openStand(seed, Math.random);
const tally: Tally = { runs: 0, operations: 0, done: 0, looks: 0 };

test(`whatever happens, states, totals, stock, ledger and the provider's books are as the model says (seed ${seed})`, async () => {
  const begunMs = performance.now();
  let failedMs = Number.POSITIVE_INFINITY;
  const isOver = () => process.env['RUNS'] === undefined && performance.now() - begunMs > TIME_MS;
  const property = fc.asyncProperty(plans, async (plan) => {
    // Smaller plans are tried for a while, and the smallest that failed is told.
    if (failedMs === Number.POSITIVE_INFINITY ? isOver() : performance.now() - failedMs > SHRINKING_MS) return;
    try {
      await carryOut(stand, plan, tally);
    } catch (error) {
      // What depends on a race may not come again in a smaller plan.
      if (failedMs === Number.POSITIVE_INFINITY) console.error(`Before it is made shorter: ${(error as Error).message}`);
      failedMs = Math.min(failedMs, performance.now());
      throw error;
    }
  });
  const path = process.env['CASE'];
  const { failed, errorInstance, counterexamplePath } = await fc.check(property, { seed, numRuns, ...(path && { path }) });
  console.log(
    `» ${tally.runs} runs, ${tally.operations} operations (${tally.done} done, the others refused), ${stand.courier.repeats()} events told again, compared ${tally.looks} times; seed ${seed}`,
  );
  if (failed)
    throw new Error(
      `${(errorInstance as Error).message}\n  Again: SEED=${seed} CASE=${counterexamplePath} npm test -- tests/tests/money-model`,
    );
});

test.after(() => stand.close());
test.run();
