// Runs test files side by side and tells how it went.
import { styleText } from 'node:util';
import type { TestFile } from './test-files.js';
import { type Result, runTestFiles, type Surroundings } from './test-process.js';

export interface RunOptions extends Surroundings {
  readonly jobs: number;
  readonly print: (line: string) => void;
}

export interface Totals {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const SLOWEST_SHOWN = 5;

/** Runs in the order given the files of each process; what a stop leaves out counts as failed. */
export async function runTests(processes: readonly TestFile[][], options: RunOptions): Promise<Result[]> {
  const { jobs, signal, print } = options;
  const results: Result[] = [];
  const waiting = [...processes];
  const files = processes.flat();
  const work = async () => {
    for (let together = waiting.shift(); together !== undefined; together = waiting.shift()) {
      const ended = signal.aborted ? together.map(notRun) : await runTestFiles(together, options);
      for (const result of ended) {
        results.push(result);
        if (!signal.aborted) print(progressOf(result, `${results.length}/${files.length}`));
      }
      // One that brought its process down must not take the others with it.
      if (ended.length < together.length) waiting.unshift(together.slice(ended.length));
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return results;
}

/** What a file counts for when it never came to run. */
export const notRun = (file: TestFile): Result => ({
  file,
  passed: 0,
  failed: file.declared,
  skipped: 0,
  problems: ['was not run'],
  output: '',
  tookMs: 0,
});

export function totalsOf(results: readonly Result[]): Totals {
  const sum = (key: keyof Totals) => results.reduce((total, result) => total + result[key], 0);
  return { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') };
}

/** The slowest files, the failed ones by name, and the totals alone on the last line. */
export function summaryOf(results: readonly Result[]): string {
  const slowest = results
    .filter(({ tookMs }) => tookMs > 0)
    .toSorted((a, b) => b.tookMs - a.tookMs)
    .slice(0, SLOWEST_SHOWN);
  const failed = results.filter((result) => result.failed > 0);
  const { passed, failed: failures, skipped } = totalsOf(results);
  return [
    ...(slowest.length > 0 ? ['\nSlowest:', ...slowest.map((result) => `  ${timeOf(result)}  ${result.file.name}`)] : []),
    ...(failed.length > 0 ? ['\nFailed:', ...failed.map((result) => `  ${result.file.name}: ${whyOf(result)}`)] : []),
    '',
    `${passed} passed, ${failures} failed, ${skipped} skipped`,
  ].join('\n');
}

function progressOf(result: Result, position: string): string {
  const ok = result.failed === 0;
  const sign = ok ? styleText('green', '✓') : styleText('red', '✗');
  const counts = ok ? `${result.passed} passed` : whyOf(result);
  const skipped = result.skipped > 0 ? `, ${result.skipped} skipped` : '';
  const line = `${sign} ${position.padStart(7)} ${timeOf(result)}  ${result.file.name}: ${counts}${skipped}`;
  return ok ? [line, ...figuresOf(result)].join('\n') : `${line}\n${indented(result.output)}`;
}

/** What a test file has to say even when all went well: its lines that begin with "» ". */
const figuresOf = ({ output }: Result) =>
  output
    .split('\n')
    .filter((line) => line.startsWith('» '))
    .map((line) => `    ${line}`);

const whyOf = (result: Result) => [`${result.failed} failed`, ...result.problems].join('; ');
const timeOf = (result: Result) => `${(result.tookMs / 1000).toFixed(1).padStart(6)} s`;
const indented = (text: string) => text.trimEnd().replace(/^/gm, '    │ ');
