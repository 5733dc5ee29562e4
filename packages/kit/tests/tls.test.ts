import { copyFileSync, cpSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { status } from '@grpc/grpc-js';
import { AccountServiceDefinition } from '@moa/contracts/auth/v1/account_service';
import { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import { ensureCertificates } from '@moa/stack';
import { connectAs, openTestbed, reasonOf, until } from '@moa/testkit';
import { issueThroughIntermediate, mountSecret } from '@moa/testkit/certificates';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { addService, certificatesIn, connect, createServer, openHost, openStreams, realClock } from '../src/index.js';
import { configAs, errorOf, implement, NOTHING_REVOKED } from './support.js';

const bed = await openTestbed('tls');
const REFRESH_MS = 5;
const folder = mkdtempSync(join(tmpdir(), 'moa-tls-'));
const handlers = implement(AuthServiceDefinition, { getJwks: async () => ({ keys: [] }) });
const host = await openHost('auth', await configAs(bed, 'auth'));
host.serve(AuthServiceDefinition, handlers);
host.serve(AccountServiceDefinition, implement(AccountServiceDefinition, { getEmail: async () => ({ email: 'someone@moa.test' }) }));
const running = await host.listen();

await ensureCertificates(join(folder, 'foreign'), ['auth', 'user']);
const foreign = (name: string) => join(folder, 'foreign/current', name);

test('a client without a certificate does not get in', async () => {
  const error = await errorOf(bed.connect(AuthServiceDefinition, running.address, { as: null }).getJwks({}));
  assert.is(error.code, status.UNAVAILABLE);
});

test('a client with a certificate of another authority does not get in, whatever name is on it', async () => {
  // It trusts our authority, so that only its own certificate is at fault.
  const pretender = join(folder, 'pretender');
  cpSync(foreign('user'), pretender, { recursive: true });
  copyFileSync(join(bed.certificates('user'), 'ca.pem'), join(pretender, 'ca.pem'));
  const client = connectAs(AuthServiceDefinition, running.address, pretender);
  assert.is((await errorOf(client.getJwks({}))).code, status.UNAVAILABLE);
  client.close();
});

test('a server of another authority is not spoken to', async () => {
  const remote = connect(AuthServiceDefinition, running.address, 'auth', certificatesIn(foreign('user')).channel);
  assert.is((await errorOf(remote.getJwks({}))).reason, 'SERVICE_UNAVAILABLE');
  remote.close();
});

test('a server that shows the name of another service is not spoken to', async () => {
  const { channel } = certificatesIn(bed.certificates('user'));
  const [right, wrong] = ['auth', 'funding'].map((callee) => connect(AuthServiceDefinition, running.address, callee, channel));
  assert.equal(await right!.getJwks({}), { keys: [] });
  assert.is((await errorOf(wrong!.getJwks({}))).reason, 'SERVICE_UNAVAILABLE');
  right!.close();
  wrong!.close();
});

test('the caller is who the certificate says, not who the connection asks for', async () => {
  const account = { accountId: '0197a6c0-0000-7000-8000-000000000001' };
  const user = connect(AccountServiceDefinition, running.address, 'auth', certificatesIn(bed.certificates('user')).channel);
  const stranger = connect(AccountServiceDefinition, running.address, 'auth', certificatesIn(bed.certificates('stranger')).channel);
  assert.is((await user.getEmail(account)).email, 'someone@moa.test');
  assert.is(
    reasonOf(await errorOf(stranger.getEmail(account))) ?? (await errorOf(stranger.getEmail(account))).reason,
    'CALLER_NOT_ALLOWED',
  );
  user.close();
  stranger.close();
});

test('a service whose certificates are missing does not listen', async () => {
  const error = await errorOf(certificatesIn(join(folder, 'nowhere')).read());
  assert.match(error.message, 'nowhere');
});

test('certificates are replaced under way, and no call fails', async () => {
  const authority = join(folder, 'rotating');
  const current = join(folder, 'current');
  const renew = async (set: number) => {
    // Asked for by a name more each time, so that a new set is made.
    await ensureCertificates(authority, ['auth', 'user', ...Array.from({ length: set }, (_, i) => `extra${i}`)]);
    cpSync(join(authority, 'current/'), join(folder, `set${set}`), { recursive: true, dereference: true });
    symlinkSync(`set${set}`, join(folder, 'next'));
    renameSync(join(folder, 'next'), current);
  };
  await renew(0);
  const { address, close } = await serveFrom(join(current, 'auth'));

  let calls = 0;
  const rotated = new AbortController();
  const keepCalling = async () => {
    for (; !rotated.signal.aborted; calls++) await callOnce(address, join(folder, 'set0/user'));
  };
  const callers = [keepCalling(), keepCalling()];
  for (let set = 1; set <= 4; set++) {
    await renew(set);
    await until(async () => (await shownBy(address, join(folder, 'set0/user'))) === pemIn(join(current, 'auth')));
  }
  rotated.abort();
  await Promise.all(callers);
  close();
  assert.ok(calls > 4);
});

test('half of a new set is not used: the old one serves until the new one is whole', async () => {
  const place = join(folder, 'halves');
  cpSync(bed.certificates('auth'), place, { recursive: true, dereference: true });
  const { address, close } = await serveFrom(place);
  for (const file of ['cert.pem', 'key.pem', 'ca.pem']) {
    renameSync(join(place, file), join(place, 'away.pem'));
    for (let i = 0; i < 3; i++) await callOnce(address, bed.certificates('user'));
    copyFileSync(join(bed.certificates('user'), file), join(place, file));
    for (let i = 0; i < 3; i++) await callOnce(address, bed.certificates('user'));
  }
  await until(async () => (await shownBy(address, bed.certificates('user'))) === pemIn(place));
  close();
});

test('a mounted secret is replaced under way, and no call fails', async () => {
  const secret = join(folder, 'secret');
  const makers = [bed.certificates('auth'), bed.certificates('stranger')];
  mountSecret(secret, makers[0]!);
  const { address, close } = await serveFrom(secret);
  let calls = 0;
  const rotated = new AbortController();
  const keepCalling = async () => {
    for (; !rotated.signal.aborted; calls++) await callOnce(address, bed.certificates('user'));
  };
  const callers = [keepCalling(), keepCalling()];
  for (let round = 1; round <= 4; round++) {
    const maker = makers[round % 2]!;
    mountSecret(secret, maker);
    await until(async () => (await shownBy(address, bed.certificates('user'))) === pemIn(maker));
  }
  rotated.abort();
  await Promise.all(callers);
  close();
  assert.ok(calls > 4);
});

test('certificates of an intermediate authority work in both directions', async () => {
  const chained = join(folder, 'chained');
  await issueThroughIntermediate(chained, ['auth', 'user']);
  const { address, close } = await serveFrom(join(chained, 'auth'));
  const remote = connect(AuthServiceDefinition, address, 'auth', certificatesIn(join(chained, 'user')).channel);
  assert.equal(await remote.getJwks({}), { keys: [] });
  remote.close();
  close();
});

test('while two authorities are trusted, a caller with a certificate of either gets in', async () => {
  const bundled = join(folder, 'bundled');
  cpSync(bed.certificates('auth'), bundled, { recursive: true, dereference: true });
  const authorities = [bed.certificates('auth'), foreign('user')].map((place) => readFileSync(join(place, 'ca.pem'), 'utf8'));
  writeFileSync(join(bundled, 'ca.pem'), authorities.join('\n'));
  const { address, close } = await serveFrom(bundled);
  await callOnce(address, bed.certificates('user'));
  const newcomer = join(folder, 'newcomer');
  cpSync(foreign('user'), newcomer, { recursive: true, dereference: true });
  writeFileSync(join(newcomer, 'ca.pem'), authorities.join('\n'));
  await callOnce(address, newcomer);
  close();
});

/** A server whose certificates are looked at all the time. */
async function serveFrom(certificateFolder: string): Promise<{ address: string; close(): void }> {
  const certificates = certificatesIn(certificateFolder, { refreshMs: REFRESH_MS });
  const server = createServer();
  addService(server, AuthServiceDefinition, handlers, {
    ...NOTHING_REVOKED,
    identify: () => undefined,
    clock: realClock,
    streams: openStreams(),
    finished() {},
  });
  await certificates.read();
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', certificates.server, (error, bound) => (error ? reject(error) : resolve(bound))),
  );
  return { address: `127.0.0.1:${port}`, close: () => server.forceShutdown() };
}

/** A call over a connection of its own. */
async function callOnce(address: string, certificates: string): Promise<void> {
  const client = connectAs(AuthServiceDefinition, address, certificates);
  await client.getJwks({}).finally(client.close);
}

/** The certificate that a server shows. */
function shownBy(address: string, certificates: string): Promise<string> {
  const read = (name: string) => readFileSync(join(certificates, name));
  const port = Number(address.split(':')[1]);
  return new Promise((resolve, reject) => {
    const socket = connectTls({ port, ca: read('ca.pem'), cert: read('cert.pem'), key: read('key.pem'), ALPNProtocols: ['h2'] }, () => {
      resolve(socket.getPeerX509Certificate()!.toString().trim());
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

const pemIn = (certificates: string) => readFileSync(join(certificates, 'cert.pem'), 'utf8').trim();

test.after(async () => {
  await running.stop();
  await bed.close();
  rmSync(folder, { recursive: true });
});
test.run();
