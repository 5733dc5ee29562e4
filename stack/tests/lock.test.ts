import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { withLock } from '#setup/lock.mjs';

const folder = mkdtempSync(join(tmpdir(), 'moa-lock-'));
const lock = join(folder, 'lock');

test('of many at once, one works at a time', async () => {
  let working = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: 10 }, () =>
      withLock(lock, async () => {
        most = Math.max(most, ++working);
        await sleep(5);
        working--;
      }),
    ),
  );
  assert.is(most, 1);
  assert.not.ok(existsSync(lock));
});

test('a failure lets the next one in', async () => {
  const error = await withLock(lock, () => Promise.reject(new Error('failed'))).catch((failure) => failure);
  assert.is(error.message, 'failed');
  assert.is(await withLock(lock, async () => 'in'), 'in');
});

test('what a killed process left does not keep anybody out', async () => {
  const { pid } = spawnSync('true');
  writeFileSync(lock, String(pid));
  assert.is(await withLock(lock, async () => 'in'), 'in');
});

test.after(() => rmSync(folder, { recursive: true, force: true }));
test.run();
