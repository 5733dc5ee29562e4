// Decides about a test file from what it printed and how it ended. uvu alone lets too much pass: a throwing `before`, a
// forgotten `test.run()` and a `before` that never settles all end with exit code 0.

export interface Ending {
  readonly output: string;
  /** Exit code, or the signal's name; unknown of a file that others came after in its process. */
  readonly exit?: number | NodeJS.Signals;
  /** Why the runner ended the file, if it did. */
  readonly ended?: string | undefined;
  /** Processes that the file started and that were still there after it. */
  readonly leftBehind: readonly string[];
  readonly declared: number;
}

export interface Verdict {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** What is wrong beside the failures that uvu printed itself. */
  readonly problems: readonly string[];
}

export function judge({ output, exit, ended, leftBehind, declared }: Ending): Verdict {
  const totals = uvuTotals(output);
  const problems: string[] = [];
  if (ended !== undefined) problems.push(ended);
  else if (typeof exit === 'string') problems.push(`was killed by ${exit}`);

  if (totals === undefined) {
    if (ended === undefined)
      problems.push(`ended with exit code ${exit} before it gave its totals: is test.run() called, does the set-up settle?`);
    return { passed: 0, failed: declared, skipped: 0, problems: [...problems, ...left(leftBehind)] };
  }

  const { total, passed, skipped } = totals;
  const notPassed = total - passed;
  if (total === 0) problems.push(skipped > 0 ? 'skipped all of its tests' : 'ran no test: is test.run() called?');
  if (notPassed > 0 && (exit === 0 || (exit === undefined && !output.includes(' FAIL '))))
    problems.push(`passed ${passed} of ${total}, and yet ended well: did before or after throw?`);
  if (notPassed === 0 && typeof exit === 'number' && exit !== 0) problems.push(`ended with exit code ${exit} though its tests passed`);
  problems.push(...left(leftBehind));
  const failed = total === 0 ? declared : Math.max(notPassed, problems.length > 0 ? 1 : 0);
  return { passed, failed, skipped, problems };
}

/** The totals that uvu prints last. Skipped tests are not in its total. */
function uvuTotals(output: string): { total: number; passed: number; skipped: number } | undefined {
  const last = [...output.matchAll(/^ {2}Total: +(\d+)\n {2}Passed: +(\d+)\n {2}Skipped: +(\d+)$/gm)].at(-1);
  return last && { total: Number(last[1]), passed: Number(last[2]), skipped: Number(last[3]) };
}

/** Whether uvu has finished with a file. */
export const saysTotals = (output: string): boolean => uvuTotals(output) !== undefined;

const left = (processes: readonly string[]) => processes.map((process) => `left a process behind: ${process}`);
