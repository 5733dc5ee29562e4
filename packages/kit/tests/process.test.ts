// What a process of a service shows: its log, its exit, and why it does not start.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Metadata } from '@grpc/grpc-js';
import { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import { UserServiceDefinition } from '@moa/contracts/user/v1/user_service';
import { openTestbed, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const bed = await openTestbed('process');
const environment = { ...(await bed.environment('toy')), CERTIFICATES: bed.certificates('auth'), LOG_LEVEL: 'info' };

function start(env: Record<string, string>): { child: ChildProcess; output: () => string; entries: () => Record<string, unknown>[] } {
  const program = fileURLToPath(new URL('./call-process.js', import.meta.url));
  const child = spawn(process.execPath, [program], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const entries = () =>
    output
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  return { child, output: () => output, entries };
}

test('a call leaves one line, by which it is found again, and nothing personal', async () => {
  const { child, output, entries } = start(environment);
  const { address } = (await until(() => entries().find(({ msg }) => msg === 'ready'))) as { address: string };
  const accountId = randomUUID();
  const token = await bed.token(accountId);
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  metadata.set('x-request-id', 'request-1');
  metadata.set('traceparent', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01');
  const auth = bed.connect(AuthServiceDefinition, address);
  await bed.connect(UserServiceDefinition, address).getProfile({}, metadata);
  for (const email of ['refused@moa.test', 'broken@moa.test'])
    await auth.signIn({ email, password: 'hunter2', device: '' }).catch(() => {});
  const calls = await until(() => {
    const found = entries().filter(({ rpc }) => rpc);
    return found.length >= 3 && found;
  });

  assert.equal(
    calls.map(({ level, rpc, msg, reason }) => [level, rpc, msg, reason]),
    [
      ['info', '/moa.user.v1.UserService/GetProfile', 'ok', undefined],
      ['info', '/moa.auth.v1.AuthService/SignIn', 'refused', 'SIGN_IN_REFUSED'],
      ['error', '/moa.auth.v1.AuthService/SignIn', 'failed', undefined],
    ],
  );
  assert.equal(
    [calls[0]!['service'], calls[0]!['requestId'], calls[0]!['trace']],
    ['auth', 'request-1', '4bf92f3577b34da6a3ce929d0e0e4736'],
  );
  assert.type(calls[0]!['ms'], 'number');
  assert.match((calls[2]!['err'] as { stack: string }).stack, /the database is away[\s\S]*call-process/);
  for (const personal of [accountId, token, 'moa.test', 'hunter2']) assert.not.ok(output().includes(personal), personal);

  child.kill('SIGTERM');
  child.kill('SIGTERM');
  assert.equal(await once(child, 'exit'), [0, null]);
  assert.is(entries().at(-1)!['msg'], 'stopped');
});

test('a process whose configuration is not usable says so without a stack, and fails', async () => {
  const { child, output } = start({ ...environment, LISTEN: 'nowhere', ISSUER: '' });
  assert.equal(await once(child, 'close'), [1, null]);
  assert.equal(
    output()
      .split('\n')
      .map((line) => line.split(':')[0]),
    ['The configuration is not usable', '  LISTEN', '  ISSUER', ''],
  );
});

test('a process that cannot read its certificates fails', async () => {
  const { child, output } = start({ ...environment, CERTIFICATES: '/nowhere' });
  assert.equal(await once(child, 'close'), [1, null]);
  assert.match(output(), '/nowhere');
});

test.after(bed.close);
test.run();
