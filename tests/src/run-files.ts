// What a test process runs: the files that it was given, one after the other, each whole before the next is loaded.
import { register } from 'node:module';
import { pathToFileURL } from 'node:url';
import { FILE } from './anew.js';
import { closeShared } from './shared.js';

/** What uvu runs as one suite: its errors, and how many tests passed, were skipped and are there. */
type Suite = () => Promise<[errors: string | true, passed: number, skipped: number, total: number]>;

// As uvu's own command does: otherwise it would run by itself what it finds.
const uvu = globalThis as unknown as { UVU_DEFER: boolean; UVU_QUEUE: [name: null, ...suites: Suite[]][] };
uvu.UVU_DEFER = true;
const { exec } = await import('uvu');

const files = process.argv.slice(2);
if (files.length > 1) register('./anew.js', import.meta.url);
for (const [index, file] of files.entries()) {
  uvu.UVU_QUEUE.splice(0, Infinity, [null]);
  const url = pathToFileURL(file);
  url.searchParams.set(FILE, String(index));
  await import(url.href);
  // Before the totals: a process that has given them has little time left.
  if (index === files.length - 1) uvu.UVU_QUEUE[0]!.push(closing);
  await exec();
}

async function closing(): ReturnType<Suite> {
  await closeShared();
  return [true, 0, 0, 0];
}
