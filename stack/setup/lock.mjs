// Lets one process at a time do something. The holder touches the lock; one that was killed leaves it to go stale.
import { readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const TOUCH_MS = 2_000;
const STALE_MS = 30_000;
const RETRY_MS = 100;

export async function withLock(path, work, onWait = () => {}) {
  await acquire(path, onWait);
  const touching = setInterval(() => utimesSync(path, new Date(), new Date()), TOUCH_MS);
  const release = () => rmSync(path, { force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    clearInterval(touching);
    process.off('exit', release);
    release();
  }
}

async function acquire(path, onWait) {
  for (let told = false; ; ) {
    try {
      return writeFileSync(path, String(process.pid), { flag: 'wx' });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (isStale(path)) {
      // Of two that see it, only one can move it away.
      try {
        renameSync(path, `${path}.${process.pid}`);
        rmSync(`${path}.${process.pid}`);
      } catch {}
      continue;
    }
    if (!told) onWait();
    told = true;
    await sleep(RETRY_MS);
  }
}

function isStale(path) {
  try {
    if (Date.now() - statSync(path).mtimeMs > STALE_MS) return true;
    const pid = Number(readFileSync(path, 'utf8'));
    return pid > 0 && !isAlive(pid);
  } catch {
    return false;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
