// One process for a data folder: a lock file with the process id of its owner, taken over when that process is gone.

import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface FolderLock {
  release(): Promise<void>;
}

const LOCK_FILE = 'server.pid';
/** A server that was told to end may still be about to. */
const PATIENCE_MS = 5_000;
const LOOK_EVERY_MS = 50;
/** Two servers in one process would have the same id. */
const held = new Set<string>();

export async function lockFolder(folder: string): Promise<FolderLock> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, LOCK_FILE);
  const untilMs = performance.now() + PATIENCE_MS;
  while (!held.has(path)) {
    try {
      const file = await open(path, 'wx', 0o600);
      await file.writeFile(`${process.pid} ${await startOf(process.pid)}`);
      await file.close();
      held.add(path);
      return {
        async release() {
          held.delete(path);
          await rm(path, { force: true });
        },
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const owner = await readFile(path, 'utf8').catch(() => '');
    const [pid = '', start = ''] = owner.split(' ');
    if (pid !== '' && (await isAlive(Number(pid), start))) {
      if (performance.now() > untilMs) break;
      await sleep(LOOK_EVERY_MS);
    } else await rm(path, { force: true });
  }
  throw new Error(`the data folder is in use by another server: ${path}`);
}

/** When a process began, where the system tells it: a process id may be given to another one later. Nothing for one that has ended. */
async function startOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const [, state = '', ...facts] = stat.slice(stat.lastIndexOf(')')).split(' ');
  return 'ZX'.includes(state) ? '' : (facts[18] ?? '');
}

async function isAlive(pid: number, start: string): Promise<boolean> {
  if (pid === process.pid) return start !== '' && start === (await startOf(pid)) && held.size > 0;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return start === (await startOf(pid));
}
