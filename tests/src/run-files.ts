// What a test process runs: the files that it was given, one after the other, each whole before the next is loaded.
import { register } from 'node:module';
import { pathToFileURL } from 'node:url';
import { FILE } from './anew.js';
import { closeShared } from './shared.js';

// As uvu's own command does: otherwise it would run by itself what it finds.
const uvu = globalThis as unknown as { UVU_DEFER: boolean; UVU_QUEUE: [null, ...unknown[]][] };
uvu.UVU_DEFER = true;
const { exec } = await import('uvu');

const files = process.argv.slice(2);
if (files.length > 1) register('./anew.js', import.meta.url);
for (const [index, file] of files.entries()) {
  uvu.UVU_QUEUE.splice(0, Infinity, [null]);
  const url = pathToFileURL(file);
  url.searchParams.set(FILE, String(index));
  await import(url.href);
  await exec();
}
await closeShared();
