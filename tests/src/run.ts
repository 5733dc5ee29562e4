// `npm test [filter…]`: runs every test file whose path contains one of the filters, against one set of servers.
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startTestServers } from '@moa/stack';
import { notRun, runTests, summaryOf, totalsOf } from './run-tests.js';
import { byProcess, findTestFiles, type TestFile } from './test-files.js';
import type { Result } from './test-process.js';

const LIMITS = { fileMs: 600_000, exitMs: 10_000 };
// Tests wait a good part of their time: for leases, retries and restarts.
const JOBS_BESIDE_CORES = 1;

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const timesPath = join(root, '.moa/test-times.json');
const filters = process.argv.slice(2);

const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  // npm passes Ctrl-C on although the terminal has done so, too: the second one must not cut the stop short.
  process.on(signal, () => stopping.abort());
}

const files = findTestFiles(root, filters);
if (files.length === 0)
  console.log(filters.length > 0 ? `No test file's path contains ${filters.join(' or ')}.` : 'There are no test files.');
const results = files.length > 0 ? await runAgainstServers() : [];
console.log(summaryOf(results));
const { passed, failed } = totalsOf(results);
if (failed > 0 || passed === 0) process.exitCode = 1;

async function runAgainstServers(): Promise<Result[]> {
  const temporary = mkdtempSync(join(tmpdir(), 'moa-test-'));
  // A test's Postgres may run as another user, who has to pass through here.
  chmodSync(temporary, 0o711);
  let results = files.map(notRun);
  try {
    const servers = await startTestServers();
    try {
      const jobs = availableParallelism() + JOBS_BESIDE_CORES;
      console.log(`Running ${files.length} test files, ${jobs} at a time`);
      results = await runTests(slowestFirst(byProcess(files)), {
        env: servers.env,
        temporary,
        signal: stopping.signal,
        limits: LIMITS,
        jobs,
        print: console.log,
      });
      remember(results);
    } finally {
      await servers.stop();
    }
  } catch (error) {
    console.error((error as { explained?: string }).explained ?? error);
    process.exitCode = 1;
  }
  rmSync(temporary, { recursive: true, force: true });
  return results;
}

// What takes longest starts first, so that no core waits for it at the end.
function slowestFirst(processes: TestFile[][]): TestFile[][] {
  const times = lastTimes();
  const last = (files: TestFile[]) =>
    files.every(({ name }) => name in times) ? files.reduce((sum, { name }) => sum + times[name]!, 0) : Number.MAX_VALUE;
  return processes.toSorted((a, b) => last(b) - last(a));
}

function remember(results: readonly Result[]): void {
  const times = Object.fromEntries(
    results.filter((result) => result.tookMs > 0).map((result) => [result.file.name, Math.round(result.tookMs)]),
  );
  writeFileSync(timesPath, JSON.stringify({ ...lastTimes(), ...times }, undefined, 2));
}

function lastTimes(): Record<string, number> {
  try {
    return JSON.parse(readFileSync(timesPath, 'utf8'));
  } catch {
    return {};
  }
}
