// The whole house: it is killed, started twice, and stopped.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { quiet } from '#setup/progress.mjs';
import type { Status } from '../src/keeper.js';
import { startOf } from '../src/leftovers.js';
import { startStack } from '../src/stack.js';

quiet(true);
const folder = mkdtempSync(join(tmpdir(), 'moa-stack-'));

interface Up {
  readonly publicUrl: string;
  readonly status: readonly Status[];
  readonly process: ChildProcess;
}

async function up(): Promise<Up> {
  const child = spawn(process.execPath, [new URL('stack-process.js', import.meta.url).pathname, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const text of child.stdout!) return { ...JSON.parse(String(text)), process: child };
  throw new Error('the stack did not start');
}

async function gone(pids: readonly number[]): Promise<void> {
  while (pids.some((pid) => startOf(pid) !== '')) await sleep(20);
}

const answers = async ({ publicUrl }: { publicUrl: string }) =>
  (
    await fetch(`${publicUrl}/moa.auth.v1.AuthService/GetJwks`, {
      method: 'POST',
      headers: { 'content-type': 'application/grpc-web+proto', 'x-grpc-web': '1' },
      // An empty message: no flags, no bytes.
      body: new Uint8Array(5),
    })
  ).headers.get('grpc-status') ?? '0';

let stack: Up;

test('starts from nothing, in order, and answers at the door', async () => {
  stack = await up();
  assert.equal([...new Set(stack.status.map(({ state }) => state))], ['up']);
  assert.is(await answers(stack), '0');
});

test('a second start says that it runs, and where', async () => {
  const error = await startStack({ folder, quiet: true }).catch((refusal) => refusal);
  assert.ok(error.explained?.includes(`as pid ${stack.process.pid}`), String(error.explained ?? error));
  assert.ok(error.explained.includes(stack.publicUrl));
});

test('what only its owner may read is closed to others', () => {
  for (const name of [
    'secrets.json',
    'stack.json',
    'data/redis',
    'data/nats',
    'data/sandbox',
    'data/mailbox',
    'certificates/authority-key.pem',
  ]) {
    assert.is(statSync(join(folder, name)).mode & 0o077, 0, name);
  }
});

test('after a kill -9 of everything, the next start works', async () => {
  const pids = stack.status.map(({ pid }) => pid!);
  for (const pid of [stack.process.pid!, ...pids]) process.kill(pid, 'SIGKILL');
  await gone(pids);
  stack = await up();
  assert.is(await answers(stack), '0');
});

test('after a kill -9 of the stack alone, its processes end by themselves or with the next start', async () => {
  const pids = stack.status.map(({ pid }) => pid!);
  const ended = once(stack.process, 'exit');
  stack.process.kill('SIGKILL');
  await ended;
  stack = await up();
  await gone(pids);
  assert.is(await answers(stack), '0');
});

test('stops everything, and keeps what it had', async () => {
  const pids = stack.status.map(({ pid }) => pid!);
  const ended = once(stack.process, 'exit');
  stack.process.kill('SIGTERM');
  assert.is((await ended)[0], 0);
  assert.equal(
    pids.filter((pid) => startOf(pid) !== ''),
    [],
  );
  assert.equal(readdirSync(join(folder, 'run')), []);
  assert.ok(existsSync(join(folder, 'data/nats')));
});

test.after(() => rmSync(folder, { recursive: true, force: true }));
test.run();
