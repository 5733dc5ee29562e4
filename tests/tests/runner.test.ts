// The runner on files that pass, fail, and do all that uvu alone would let pass.
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { runTests, summaryOf, totalsOf } from '../src/run-tests.js';
import { findTestFiles, testFile } from '../src/test-files.js';
import type { Result } from '../src/test-process.js';

const root = join(import.meta.dirname, '../../..');
const temporary = mkdtempSync(join(tmpdir(), 'runner-'));
const LIMITS = { fileMs: 20_000, exitMs: 10_000 };

interface Run {
  readonly results: Result[];
  readonly printed: string;
}

interface Options {
  readonly limits?: typeof LIMITS;
  readonly signal?: AbortSignal;
}

/** Each in a process of its own. */
const run = (fixtures: readonly string[], options?: Options) =>
  runProcesses(
    fixtures.map((fixture) => [fixture]),
    options,
  );

const runTogether = (fixtures: readonly string[]) => runProcesses([fixtures]);

async function runProcesses(processes: readonly (readonly string[])[], options: Options = {}): Promise<Run> {
  const lines: string[] = [];
  const results = await runTests(
    processes.map((fixtures) => fixtures.map((name) => testFile(root, 'tests', `tests/fixtures/${name}.ts`))),
    {
      env: { MOA_FIXTURE: 'given' },
      temporary,
      signal: new AbortController().signal,
      limits: LIMITS,
      jobs: 2,
      print: (line) => lines.push(line),
      ...options,
    },
  );
  return { results, printed: [...lines, summaryOf(results)].join('\n') };
}

async function only(fixture: string, options?: Options): Promise<Result> {
  const { results } = await run([fixture], options);
  return results[0] as Result;
}

const counts = ({ passed, failed, skipped }: Result) => ({ passed, failed, skipped });

test('counts what passed and what was skipped', async () => {
  assert.equal(counts(await only('passes')), { passed: 2, failed: 0, skipped: 1 });
});

test('shows the output of a failing file in full, and of no other', async () => {
  const { results, printed } = await run(['passes', 'fails']);
  assert.equal(totalsOf(results), { passed: 3, failed: 1, skipped: 1 });
  assert.match(printed, /FAIL {2}"is wrong"/);
  assert.not.match(printed, /• •/);
});

test('shows the figures of a file that passed', async () => {
  assert.match((await run(['passes'])).printed, /^ {4}» 2 numbers added$/m);
});

test('prints the totals alone on the last line', async () => {
  const { printed } = await run(['passes', 'fails']);
  assert.is(printed.split('\n').at(-1), '3 passed, 1 failed, 1 skipped');
});

test('fails the tests that a throwing before left out', async () => {
  const result = await only('throws-before');
  assert.equal(counts(result), { passed: 0, failed: 2, skipped: 0 });
  assert.match(result.problems.join(), /did before or after throw/);
});

test('fails a file whose after throws', async () => {
  assert.is((await only('throws-after')).failed, 1);
});

test('fails every declared test of a file that forgot to run them', async () => {
  const result = await only('forgets-run');
  assert.equal(counts(result), { passed: 0, failed: 3, skipped: 0 });
  assert.match(result.problems.join(), /is test.run\(\) called/);
});

test('files that share a process are judged each by its own tests', async () => {
  const { results } = await runTogether(['passes', 'fails', 'throws-before', 'passes-too']);
  assert.equal(results.map(counts), [
    { passed: 2, failed: 0, skipped: 1 },
    { passed: 1, failed: 1, skipped: 0 },
    { passed: 0, failed: 2, skipped: 0 },
    { passed: 1, failed: 0, skipped: 0 },
  ]);
  assert.match(results[2]!.problems.join(), /did before or after throw/);
  assert.not.match(results[3]!.output, /is wrong/);
});

test('files that share a process find nothing in the code of tests that another has left there', async () => {
  assert.equal(totalsOf((await runTogether(['keeps', 'keeps'])).results), { passed: 2, failed: 0, skipped: 0 });
});

test('a file that brings its process down takes no other with it', async () => {
  const { results } = await runTogether(['passes', 'exits-early', 'passes-too']);
  assert.equal(
    results.map(({ passed, failed }) => [passed, failed]),
    [
      [2, 0],
      [0, 2],
      [1, 0],
    ],
  );
});

test('fails a file without a test, and one that skips all', async () => {
  const { results } = await run(['declares-nothing', 'skips-all']);
  assert.equal(totalsOf(results), { passed: 0, failed: 2, skipped: 1 });
});

test('fails a file that leaves before its tests have ended', async () => {
  const { results } = await run(['exits-early', 'never-settles']);
  assert.equal(totalsOf(results), { passed: 0, failed: 3, skipped: 0 });
});

test('fails a file that ends with an exit code of its own', async () => {
  const result = await only('exits-badly');
  assert.equal(counts(result), { passed: 1, failed: 1, skipped: 0 });
  assert.match(result.problems.join(), /exit code 3/);
});

test('ends a file that hangs', async () => {
  const result = await only('hangs', { limits: { fileMs: 500, exitMs: 500 } });
  assert.equal(counts(result), { passed: 0, failed: 1, skipped: 0 });
  assert.match(result.problems.join(), /did not end within 0.5 s/);
});

test('ends a file that stays open after its last test, and tells what kept it open', async () => {
  const result = await only('stays-open', { limits: { fileMs: 20_000, exitMs: 300 } });
  assert.equal(counts(result), { passed: 1, failed: 1, skipped: 0 });
  assert.match(result.problems.join(), /something is still open/);
  assert.match(result.output, /Still open: server on port \d+/);
});

test('fails a file that leaves a process behind, and ends that process', async () => {
  for (const fixture of ['leaves-process', 'leaves-process-without-mark']) {
    const result = await only(fixture);
    assert.equal(counts(result), { passed: 1, failed: 1, skipped: 0 });
    assert.match(result.problems.join(), /^left a process behind: .*setInterval.* \(pid \d+\)$/);
  }
});

test('fails a file whose output is held open by a process that cannot be found', async () => {
  const result = await only('hides-process');
  assert.is(result.failed, 1);
  assert.match(result.problems.join(), /holds its output open/);
  process.kill(Number(result.output.match(/hidden (\d+)/)?.[1]), 'SIGKILL');
});

test('gives a file the variables of the run, and removes its temporary files', async () => {
  assert.is((await only('shows-surroundings')).failed, 0);
  assert.equal(readdirSync(temporary), []);
});

test('a stop ends what runs, and counts as failed what was left out', async () => {
  const stopping = new AbortController();
  const running = run(['hangs', 'hangs', 'passes'], { signal: stopping.signal });
  stopping.abort();
  const { results } = await running;
  // The skipped test of the last file counts for nothing: nobody looked.
  assert.equal(totalsOf(results), { passed: 0, failed: 4, skipped: 0 });
});

test('finds test files by a part of their path, and takes no fixture for one', () => {
  assert.equal(
    findTestFiles(root, ['tests/tests/runner']).map(({ name }) => name),
    ['tests/tests/runner.test.ts'],
  );
  const all = findTestFiles(root);
  assert.ok(all.every(({ compiled }) => existsSync(compiled)));
  assert.not.ok(all.some(({ name }) => name.includes('fixtures')));
});

test.after(() => rmSync(temporary, { recursive: true }));
test.run();
