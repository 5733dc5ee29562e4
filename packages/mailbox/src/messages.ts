// The messages: each a file of its own, whose name says the order in which they came. The newest are kept.

import { mkdir, open, readdir, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';

export interface Message {
  /** The Message-ID, without its brackets. */
  readonly id: string;
  readonly from: string;
  /** All whom it was sent to, also those that its header does not name. */
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  /** As the sender dates it, in RFC 3339. */
  readonly time: string;
}

export interface Messages {
  /** Resolves when the message is on the disk. One with an id that is there already is left as it came first. */
  keep(message: Message): Promise<void>;
  /** Newest first; of one recipient, or of all. */
  list(to?: string): Message[];
  /** After what is being kept. */
  close(): Promise<void>;
}

export const MESSAGES_KEPT = 500;
const MESSAGE_FILE = /^\d{12}\.json$/;

/** Opens the folder, and reads what an earlier process kept in it. */
export async function openMessages(folder: string): Promise<Messages> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const directory = await open(folder);
  const files = new Map<string, Message>();
  for (const file of (await readdir(folder)).filter((name) => MESSAGE_FILE.test(name)).sort()) {
    files.set(file, JSON.parse(await readFile(join(folder, file), 'utf8')));
  }
  const ids = new Set([...files.values()].map(({ id }) => id));
  let number = Number.parseInt([...files.keys()].at(-1) ?? '0', 10);
  let last: Promise<void> = Promise.resolve();

  async function write(message: Message): Promise<void> {
    if (ids.has(message.id)) return;
    number += 1;
    const file = `${String(number).padStart(12, '0')}.json`;
    await writeDurably(join(folder, file), JSON.stringify(message));
    await directory.sync();
    files.set(file, message);
    ids.add(message.id);
    while (files.size > MESSAGES_KEPT) await dropOldest();
  }

  async function dropOldest(): Promise<void> {
    const [file, { id }] = [...files][0]!;
    files.delete(file);
    ids.delete(id);
    await unlink(join(folder, file));
  }

  return {
    // One after the other: of two with the same id, the second must see the first.
    keep(message) {
      const kept = last.then(() => write(message));
      last = kept.catch(() => {});
      return kept;
    },
    list(to) {
      const wanted = to?.toLowerCase();
      return [...files.values()]
        .reverse()
        .filter((message) => wanted === undefined || message.to.some((one) => one.toLowerCase() === wanted));
    },
    async close() {
      await last;
      await directory.close();
    },
  };
}

/** Whole or not at all, whenever the process dies. */
async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(`${path}.new`, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
}
