import { styleText } from 'node:util';

export interface Check {
  readonly name: string;
  /** What is wrong, in words; empty when nothing is. */
  readonly run: () => Promise<string>;
}

export interface CheckOptions {
  readonly jobs: number;
  readonly print: (line: string) => void;
}

/** Runs checks side by side, each with its line as it ends and its problems below; tells how many failed. */
export async function runChecks(checks: readonly Check[], { jobs, print }: CheckOptions): Promise<number> {
  const waiting = [...checks];
  let failed = 0;
  const work = async () => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
      const startedMs = performance.now();
      const problems = (
        await check.run().catch((error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error)))
      ).trim();
      if (problems !== '') failed += 1;
      const sign = problems === '' ? styleText('green', '✓') : styleText('red', '✗');
      const took = `${((performance.now() - startedMs) / 1000).toFixed(1).padStart(6)} s`;
      print([`${sign} ${took}  ${check.name}`, ...(problems === '' ? [] : [problems.replace(/^/gm, '    ')])].join('\n'));
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return failed;
}
