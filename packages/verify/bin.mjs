#!/usr/bin/env node
// moa-verify. It is here before anything is compiled, because an install links only to what is there.
import { existsSync } from 'node:fs';

const main = new URL('dist/src/main.js', import.meta.url);
if (existsSync(main)) await import(main);
else {
  console.error('moa-verify is not compiled yet: npm run build');
  process.exitCode = 2;
}
