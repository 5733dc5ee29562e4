import { parseArgs } from 'node:util';

export interface DemoOptions {
  /** Decides who wants what. */
  readonly seed: number;
  /** 1: 300 backers. */
  readonly scale: number;
  /** On a stack of its own, even when one is running. */
  readonly own: boolean;
  /** On the stack that runs from this folder; .moa of the checkout if absent. */
  readonly folder: string | undefined;
  /** A service is killed every few seconds; on a stack of its own. */
  readonly chaos: boolean;
}

export const USAGE = 'npm run demo -- [--seed <whole number>] [--scale <0.1 to 20>] [--own] [--chaos] [--folder <of a running stack>]';
const LEAST_SCALE = 0.1;
const MOST_SCALE = 20;

export function readOptions(args: string[]): DemoOptions {
  const { values } = parseArgs({
    args,
    options: {
      seed: { type: 'string', default: '1' },
      scale: { type: 'string', default: '1' },
      own: { type: 'boolean', default: false },
      folder: { type: 'string' },
      chaos: { type: 'boolean', default: false },
    },
  });
  const seed = Number(values.seed);
  const scale = Number(values.scale);
  if (!Number.isSafeInteger(seed)) throw new Error(`--seed is a whole number. ${USAGE}`);
  if (!(scale >= LEAST_SCALE && scale <= MOST_SCALE)) throw new Error(`--scale is from ${LEAST_SCALE} to ${MOST_SCALE}. ${USAGE}`);
  const { own, chaos, folder } = values;
  return { seed, scale, own, folder, chaos };
}
