import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Certificates, readCertificates, watchCertificates } from '../src/http/certificates.js';

const folder = mkdtempSync(join(tmpdir(), 'moa-certificates-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));

function makeSet(name: string): void {
  mkdirSync(join(folder, name));
  for (const part of ['ca', 'cert', 'key']) writeFileSync(join(folder, name, `${part}.pem`), `${part} of ${name}`);
  symlinkSync(name, join(folder, 'next'));
  renameSync(join(folder, 'next'), join(folder, 'current'));
}

test('a new set is handed over as a whole, once, and trouble keeps the old one', async () => {
  makeSet('first');
  const errors: unknown[] = [];
  const sets: Certificates[] = [];
  const log = { error: (error: unknown) => errors.push(error) } as unknown as Parameters<typeof watchCertificates>[2];
  const unwatch = watchCertificates(join(folder, 'current'), (set) => sets.push(set), log, 5);
  makeSet('second');
  await until(async () => sets.length > 0);
  rmSync(join(folder, 'second', 'key.pem'));
  await until(async () => errors.length > 0);
  unwatch();
  assert.equal(sets, [{ ca: 'ca of second', cert: 'cert of second', key: 'key of second' }]);
});

test('a folder without certificates is an error at once', () => {
  assert.throws(() => readCertificates(join(folder, 'nowhere')), /ENOENT/);
});

test.run();
