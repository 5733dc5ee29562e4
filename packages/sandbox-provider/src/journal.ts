// An append-only file of JSON lines. A line is on the disk before anybody is told of it; waiting lines share one fsync.

import { mkdir, open, readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';

export interface Journal<R> {
  /** Resolves when the record is on the disk. */
  append(record: R): Promise<void>;
  /** Resolves when everything appended so far is on the disk. */
  flushed(): Promise<void>;
  close(): Promise<void>;
}

const FILE_NAME = 'journal.jsonl';

/** Opens the journal in a folder and replays what is in it. */
export async function openJournal<R>(folder: string, replay: (record: R) => void): Promise<Journal<R>> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, FILE_NAME);
  await replayFile(path, replay);
  const file = await open(path, 'a', 0o600);
  const directory = await open(folder);
  await directory.sync();
  await directory.close();

  let waiting: string[] = [];
  let flushing: Promise<void> | undefined;
  let current: Promise<void> = Promise.resolve();

  async function flush(): Promise<void> {
    const lines = waiting;
    waiting = [];
    flushing = undefined;
    await file.appendFile(lines.join(''));
    await file.datasync();
  }

  // A failed write fails every later one, too: memory is then ahead of the disk, and only a restart makes them agree.
  function flushed(): Promise<void> {
    if (waiting.length > 0 && !flushing) {
      flushing = current.then(flush);
      current = flushing;
      current.catch(() => {});
    }
    return current;
  }

  return {
    append(record) {
      waiting.push(`${JSON.stringify(record)}\n`);
      return flushed();
    },
    flushed,
    async close() {
      await flushed().finally(() => file.close());
    },
  };
}

/** A last line without its end was never acknowledged: the process died while writing it, and it is cut off. */
async function replayFile<R>(path: string, replay: (record: R) => void): Promise<void> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  if (whole.length < text.length) await truncate(path, Buffer.byteLength(whole));
  for (const [index, line] of whole.split('\n').entries()) {
    if (line === '') continue;
    replay(parseLine<R>(line, `${path}:${index + 1}`));
  }
}

function parseLine<R>(line: string, where: string): R {
  try {
    return JSON.parse(line) as R;
  } catch (cause) {
    throw new Error(`The journal is damaged at ${where}`, { cause });
  }
}
