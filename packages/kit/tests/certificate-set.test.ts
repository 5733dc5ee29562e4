import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureCertificates } from '@moa/stack';
import { until } from '@moa/testkit';
import { mountSecret } from '@moa/testkit/certificates';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readCertificateSet } from '../src/certificate-set.js';
import { certificatesIn } from '../src/index.js';
import { errorOf } from './support.js';

const folder = mkdtempSync(join(tmpdir(), 'moa-certificate-set-'));
// So many that a swap falls between two files, if they are not read through one link.
const ROUNDS = 1_000;

// Two houses, so that a mixture of both shows.
const houses = await Promise.all(
  ['first', 'second'].map(async (house) => {
    await ensureCertificates(join(folder, house), ['auth']);
    return join(folder, house, 'current/auth');
  }),
);
const textOf = (place: string) => ['ca.pem', 'cert.pem', 'key.pem'].map((name) => readFileSync(join(place, name), 'utf8')).join('');
const whole = new Set(houses.map(textOf));

async function readOnWhile(place: string, swap: (round: number) => void): Promise<void> {
  let reads = 0;
  const swapped = new AbortController();
  const reading = (async () => {
    for (; !swapped.signal.aborted; reads++) {
      const { caCertificate, certificate, privateKey } = await readCertificateSet(place);
      assert.ok(whole.has(Buffer.concat([caCertificate, certificate, privateKey]).toString()), `half a set after ${reads} reads`);
    }
  })();
  // What goes wrong is told at the end.
  reading.catch(() => {});
  for (let round = 0; round < ROUNDS; round++) {
    swap(round);
    await new Promise((resolve) => setImmediate(resolve));
  }
  swapped.abort();
  await reading;
  assert.ok(reads > 0);
}

test('a mounted secret is never read half of one set and half of the next, and a set that goes away has a successor', async () => {
  const secret = join(folder, 'secret');
  mountSecret(secret, houses[0]!);
  await readOnWhile(secret, (round) => mountSecret(secret, houses[round % 2]!));
});

test("so is a folder of the stack's, behind the link that is swapped", async () => {
  const current = join(folder, 'current');
  const swap = (round: number) => {
    symlinkSync(houses[round % 2]!, `${current}.new`);
    renameSync(`${current}.new`, current);
  };
  swap(0);
  await readOnWhile(current, swap);
});

test('a set that cannot be used is told by its folder: a key of another, no authority, nothing at all', async () => {
  const broken = join(folder, 'broken');
  cpSync(houses[0]!, broken, { recursive: true, dereference: true });
  writeFileSync(join(broken, 'key.pem'), readFileSync(join(houses[1]!, 'key.pem')));
  const mismatch = await errorOf(readCertificateSet(broken));
  assert.match(mismatch.message, broken);
  assert.match(mismatch.message, /do not belong together/);
  const secret = join(folder, 'without-authority');
  mountSecret(secret, houses[0]!);
  writeFileSync(join(secret, 'ca.crt'), '');
  assert.match((await errorOf(readCertificateSet(secret))).message, secret);
  assert.match((await errorOf(readCertificateSet(join(folder, 'nowhere')))).message, 'nowhere');
});

test('who watches is handed each new set once, and is told of trouble while the old one stays', async () => {
  const secret = join(folder, 'watched');
  mountSecret(secret, houses[0]!);
  const [sets, troubles]: [string[], unknown[]] = [[], []];
  const certificates = certificatesIn(secret, { refreshMs: 5, onTrouble: (error) => troubles.push(error) });
  await certificates.read();
  const unwatch = certificates.watch(({ certificate }) => sets.push(certificate.toString()));
  mountSecret(secret, houses[1]!);
  await until(() => sets.length === 2);
  writeFileSync(join(secret, 'tls.key'), '');
  await until(() => troubles.length > 0);
  unwatch();
  assert.equal(
    sets,
    houses.map((place) => readFileSync(join(place, 'cert.pem'), 'utf8')),
  );
});

test.after(() => rmSync(folder, { recursive: true, force: true }));
test.run();
