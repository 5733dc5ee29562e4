// The chaos runner in short: a few kills, every invariant, and its last line.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const MAIN = fileURLToPath(new URL('../src/chaos/main.js', import.meta.url));
const KILLS = 2;
const SEED = 7;

const chaos = (...args: string[]) =>
  promisify(execFile)(process.execPath, [MAIN, ...args]).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({ code, stdout, stderr }),
  );

for (const suite of ['money', 'commerce'])
  test(`a few kills land in the middle of work (${suite}), and nothing is broken`, async () => {
    const { code, stdout, stderr } = await chaos('--suite', suite, '--kills', String(KILLS), '--seed', String(SEED));
    const [, landed, committed, broken, seed] =
      /kills landed: (\d+), operations committed: (\d+), invariants broken: (\d+), seed: (\d+)\n$/.exec(stdout)?.map(Number) ?? [];
    assert.is(code, 0, stdout + stderr);
    assert.ok(landed! >= KILLS && committed! > 0, stdout);
    assert.equal([broken, seed], [0, SEED]);
  });

test('what it cannot do is said before anything starts', async () => {
  for (const args of [
    ['--suite', 'nothing'],
    ['--kills', '0'],
    ['--seed', 'x'],
  ]) {
    const { code, stderr } = await chaos(...args);
    assert.is(code, 1);
    assert.match(stderr, 'npm run chaos -- ');
  }
});

test.run();
