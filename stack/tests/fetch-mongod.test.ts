// A real mongod is fetched when somebody asks for it: here from a server of the test's own, in the place of MongoDB's.
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ensureCertificates } from '../src/certificates.js';
import { fetchedMongod } from '../src/servers/fetch-mongod.js';

const PROCESS = fileURLToPath(new URL('./fetch-mongod-process.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'mongod-'));
const certificates = join(folder, 'certificates');
await ensureCertificates(certificates, ['mirror']);
const pem = (name: string) => join(certificates, 'current/mirror', name);
// Besides those that this machine is told to trust: npm is asked for a package, too.
const trusted = join(folder, 'trusted.pem');
const others = process.env['NODE_EXTRA_CA_CERTS'];
writeFileSync(trusted, [pem('ca.pem'), ...(others ? [others] : [])].map((file) => readFileSync(file, 'utf8')).join('\n'));

const asked: string[] = [];
let archive: Buffer | undefined;
const mirror = createServer({ cert: readFileSync(pem('cert.pem')), key: readFileSync(pem('key.pem')) }, (request, response) => {
  asked.push(request.url!);
  const body = request.url!.endsWith('.md5') ? archive && `${createHash('md5').update(archive).digest('hex')}  mongodb.tgz` : archive;
  response.writeHead(body ? 200 : 404, { 'content-length': body?.length ?? 0 }).end(body);
});
mirror.listen(0, '127.0.0.1');
await once(mirror, 'listening');

function fetchIt(isTrusted: boolean): Promise<{ said: string; failed: boolean }> {
  const env = {
    ...process.env,
    MONGOMS_DOWNLOAD_MIRROR: `https://localhost:${(mirror.address() as AddressInfo).port}`,
    ...(isTrusted && { NODE_EXTRA_CA_CERTS: trusted }),
  };
  return new Promise((resolve) => {
    execFile(process.execPath, [PROCESS, folder], { env }, (error, stdout, stderr) =>
      resolve({ said: error ? stderr : stdout.trim().split('\n').at(-1)!, failed: error !== null }),
    );
  });
}

test('when none can be fetched, it is said what else there is, and nothing is left behind', async () => {
  const { said, failed } = await fetchIt(true);
  assert.ok(failed);
  assert.match(said, /No mongod could be fetched.*PATH.*MOA_MONGODB_URL.*packages\/mongo-server/s);
  assert.is(fetchedMongod(folder), undefined);
});

test('nothing is taken from who cannot show that he is the one who was asked', async () => {
  archive = packed('#!/bin/sh\necho "db version v8.0.12"\n');
  const { said, failed } = await fetchIt(false);
  assert.ok(failed, said);
  assert.match(said, /certificate/);
  assert.is(fetchedMongod(folder), undefined);
});

test('it is fetched once, and found from then on', async () => {
  const { said: program } = await fetchIt(true);
  assert.is(fetchedMongod(folder), program);
  assert.match(execFileSync(program, ['--version'], { encoding: 'utf8' }), 'v8.0.12');
  const before = asked.length;
  assert.is((await fetchIt(true)).said, program);
  assert.is(asked.length, before);
});

/** An archive as MongoDB's are. */
function packed(mongod: string): Buffer {
  const place = join(folder, 'made');
  mkdirSync(join(place, 'mongodb-8.0.12/bin'), { recursive: true });
  writeFileSync(join(place, 'mongodb-8.0.12/bin/mongod'), mongod, { mode: 0o755 });
  execFileSync('tar', ['-czf', join(place, 'made.tgz'), '-C', place, 'mongodb-8.0.12']);
  return readFileSync(join(place, 'made.tgz'));
}

test.after(() => void mirror.close());
test.run();
