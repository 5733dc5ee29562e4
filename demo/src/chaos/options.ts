import { parseArgs } from 'node:util';

export interface ChaosOptions {
  readonly kills: number;
  /** Decides what people do and what is killed when; not who wins a race. */
  readonly seed: number;
}

export const USAGE = 'npm run chaos -- [--suite money] [--kills <1 to 10000>] [--seed <whole number>]';
const SUITES = ['money'];
const MOST_KILLS = 10_000;

export function readOptions(args: string[]): ChaosOptions {
  const { values } = parseArgs({
    args,
    options: { suite: { type: 'string', default: 'money' }, kills: { type: 'string', default: '20' }, seed: { type: 'string' } },
  });
  const kills = Number(values.kills);
  const seed = Number(values.seed ?? Date.now() % 1_000_000);
  if (!SUITES.includes(values.suite)) throw new Error(`There is no suite "${values.suite}"; there are: ${SUITES.join(', ')}. ${USAGE}`);
  if (!(Number.isInteger(kills) && kills >= 1 && kills <= MOST_KILLS)) throw new Error(`--kills is from 1 to ${MOST_KILLS}. ${USAGE}`);
  if (!Number.isSafeInteger(seed)) throw new Error(`--seed is a whole number. ${USAGE}`);
  return { kills, seed };
}
