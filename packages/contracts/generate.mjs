// Builds what the contracts give: the descriptors, and the TypeScript of messages and services. Run at the root.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';

const buf = (...args) => execFileSync('node_modules/.bin/buf', args, { stdio: ['ignore', 'inherit', 'inherit'] });

for (const folder of ['moa', 'google', 'buf']) rmSync(new URL(`src/${folder}`, import.meta.url), { recursive: true, force: true });
// What services read at start has no comments in it: that is a fifth of the bytes. The reference pages have the whole.
buf('build', '--exclude-source-info', '-o', 'packages/contracts/moa.binpb');
buf('build', '-o', 'packages/contracts/moa-documented.binpb');
buf('generate');
