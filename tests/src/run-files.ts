// What a test process runs: the files that it was given, one after the other, each whole before the next is loaded.
import { pathToFileURL } from 'node:url';
import { afterFiles } from './after-files.js';

// As uvu's own command does: it would run the tests of all files that are loaded, as soon as they are.
const uvu = globalThis as unknown as { UVU_DEFER: boolean; UVU_QUEUE: [null, ...unknown[]][] };
uvu.UVU_DEFER = true;
const { exec } = await import('uvu');

for (const file of process.argv.slice(2)) {
  uvu.UVU_QUEUE.splice(0, Infinity, [null]);
  await import(pathToFileURL(file).href);
  await exec();
}
for (const tidy of afterFiles) await tidy();
