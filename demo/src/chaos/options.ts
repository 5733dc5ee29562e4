import { parseArgs } from 'node:util';

export interface ChaosOptions {
  /** What people do: with pledges, or in the shop. */
  readonly suite: Suite;
  readonly kills: number;
  /** Decides what people do and what is killed when; not who wins a race. */
  readonly seed: number;
}

export const USAGE = 'npm run chaos -- [--suite money|commerce] [--kills <1 to 10000>] [--seed <whole number>]';
const SUITES = ['money', 'commerce'] as const;
export type Suite = (typeof SUITES)[number];
const MOST_KILLS = 10_000;

export function readOptions(args: string[]): ChaosOptions {
  const { values } = parseArgs({
    args,
    options: { suite: { type: 'string', default: 'money' }, kills: { type: 'string', default: '20' }, seed: { type: 'string' } },
  });
  const kills = Number(values.kills);
  const seed = Number(values.seed ?? Date.now() % 1_000_000);
  const suite = SUITES.find((one) => one === values.suite);
  if (!suite) throw new Error(`There is no suite "${values.suite}"; there are: ${SUITES.join(', ')}. ${USAGE}`);
  if (!(Number.isInteger(kills) && kills >= 1 && kills <= MOST_KILLS)) throw new Error(`--kills is from 1 to ${MOST_KILLS}. ${USAGE}`);
  if (!Number.isSafeInteger(seed)) throw new Error(`--seed is a whole number. ${USAGE}`);
  return { suite, kills, seed };
}
