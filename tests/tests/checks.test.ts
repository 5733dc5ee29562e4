import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { runChecks } from '../src/checks/run-checks.js';
import { tool } from '../src/checks/tool.js';

const root = join(import.meta.dirname, '../../..');

test('shows every problem of every check, and counts the checks that failed', async () => {
  const lines: string[] = [];
  const checks = [
    { name: 'sound', run: async () => '' },
    { name: 'wrong twice', run: async () => 'first problem\nsecond problem' },
    { name: 'broken', run: () => Promise.reject(new Error('no such tool')) },
  ];
  assert.is(await runChecks(checks, { jobs: 2, print: (line) => lines.push(line) }), 2);
  const printed = lines.join('\n');
  assert.match(printed, /✓ .* sound\n/);
  assert.match(printed, /✗ .* wrong twice\n {4}first problem\n {4}second problem/);
  assert.match(printed, /no such tool/);
});

test('a tool that ends well has nothing to say, and one that fails tells what it said', async () => {
  assert.is(await tool(root, 'tsc', ['--version'])(), '');
  assert.match(await tool(root, 'tsc', ['--no-such-option'])(), /no-such-option/);
});

test('a tool that is not there is a problem', async () => {
  let message = '';
  await tool(root, 'no-such-tool', [])().catch((error: Error) => {
    message = error.message;
  });
  assert.match(message, /ENOENT/);
});

test.run();
