// Small shell processes stand for servers.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Unit } from '../src/keeper.js';
import { startOf } from '../src/leftovers.js';
import { startProcess } from '../src/servers/process.js';
import { supervise } from '../src/supervisor.js';

const folder = mkdtempSync(join(tmpdir(), 'moa-supervisor-'));
const journal = join(folder, 'journal');
const entries = () => (existsSync(journal) ? readFileSync(journal, 'utf8').trim().split('\n') : []);

// Writes when it starts and when it is asked to stop.
function unit(name: string, needs: readonly string[] = []): Unit {
  const script = `trap 'echo "${name} stops" >> ${journal}; exit 0' TERM; echo "${name} starts" >> ${journal}; : > ${folder}/${name}.ready; while :; do sleep 0.02; done`;
  return {
    name,
    needs,
    start: (signal) =>
      startProcess({
        name,
        program: '/bin/sh',
        args: ['-c', script],
        ready: async () => existsSync(join(folder, `${name}.ready`)),
        signal,
      }),
  };
}

test.before.each(() => {
  for (const file of ['journal', 'store.ready', 'service.ready', 'door.ready']) rmSync(join(folder, file), { force: true });
});

const house = () => [unit('store'), unit('service', ['store']), unit('door', ['service'])];

test('starts in the order of needs, and stops in the reverse order', async () => {
  const supervisor = supervise(house(), () => {});
  await supervisor.startAll();
  await supervisor.stopAll();
  assert.equal(entries(), ['store starts', 'service starts', 'door starts', 'door stops', 'service stops', 'store stops']);
});

test('what dies is started again, and the rest goes on', async () => {
  const said: string[] = [];
  const supervisor = supervise(house(), (name, message) => said.push(`${name} ${message}`));
  await supervisor.startAll();
  const before = supervisor.status();
  await supervisor.one('service').kill();
  while (supervisor.one('service').status().restarts === 0)
    await supervisor
      .one('service')
      .isUp()
      .then(() => new Promise((resolve) => setTimeout(resolve, 10)));
  const after = supervisor.status();
  assert.is.not(after[1]?.pid, before[1]?.pid);
  assert.equal([after[0]?.pid, after[2]?.pid], [before[0]?.pid, before[2]?.pid]);
  assert.equal(said, ['service ended with SIGKILL; it is started again', 'service is up again']);
  await supervisor.stopAll();
});

test('a restart that is asked for does not wait for the pause', async () => {
  const supervisor = supervise([unit('store')], () => {});
  await supervisor.startAll();
  for (let times = 0; times < 4; times++) {
    const before = supervisor.one('store').status().pid;
    await supervisor.one('store').restart();
    assert.is.not(supervisor.one('store').status().pid, before);
  }
  await supervisor.stopAll();
});

test('when one does not start, the others are stopped, and the reason is told', async () => {
  const broken: Unit = {
    name: 'service',
    needs: ['store'],
    start: () =>
      startProcess({ name: 'service', program: '/bin/sh', args: ['-c', 'echo "bad configuration" >&2; exit 3'], ready: async () => false }),
  };
  const supervisor = supervise([unit('store'), broken, unit('door', ['service'])], () => {});
  const error = await supervisor.startAll().catch((failure) => failure);
  assert.match(error.explained, /exit code 3\n.*bad configuration/);
  assert.equal(entries(), ['store starts', 'store stops']);
});

test('everything can be ended while it is still on its way up', async () => {
  const never: Unit = {
    name: 'service',
    needs: [],
    start: (signal) =>
      startProcess({ name: 'service', program: '/bin/sh', args: ['-c', 'exec sleep 60'], ready: async () => false, signal }),
  };
  const supervisor = supervise([unit('store'), never], () => {});
  const starting = supervisor.startAll().catch(() => 'given up');
  await supervisor.one('store').isUp();
  await supervisor.stopAll();
  assert.is(await starting, 'given up');
});

test('what comes up in the moment in which it is stopped is stopped, too', async () => {
  const { start, ...rest } = unit('store');
  let stopping: Promise<void> | undefined;
  // From its second life on it is stopped as soon as it is ready.
  const unlucky: Unit = {
    ...rest,
    async start(signal) {
      const server = await start(signal);
      if (entries().length > 1) stopping = supervisor.stopAll();
      return server;
    },
  };
  const supervisor = supervise([unlucky], () => {});
  await supervisor.startAll();
  await supervisor.one('store').kill();
  while (stopping === undefined) await new Promise((resolve) => setTimeout(resolve, 10));
  await stopping;
  assert.equal(entries(), ['store starts', 'store starts', 'store stops']);
  assert.is(supervisor.one('store').status().state, 'stopped');
});

test('its processes end when the process that started them is gone', async () => {
  const { spawn } = await import('node:child_process');
  const program = `
    import { startProcess } from ${JSON.stringify(new URL('../src/servers/process.js', import.meta.url).href)};
    const server = await startProcess({ name: 'x', program: '/bin/sh', args: ['-c', 'while :; do sleep 0.02; done'], ready: async () => true });
    console.log(server.pid);
    setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const pid = await new Promise<number>((resolve) => parent.stdout.once('data', (text) => resolve(Number(text))));
  assert.is.not(startOf(pid), '');
  parent.kill('SIGKILL');
  while (startOf(pid) !== '') await new Promise((resolve) => setTimeout(resolve, 10));
});

test.after(() => rmSync(folder, { recursive: true, force: true }));
test.run();
