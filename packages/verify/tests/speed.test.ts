// A big export is checked quickly, and in little memory.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { verifyExport } from '../src/index.js';
import { archive, archivePem, chunksOf, dataOf, exportOf, logOf, signed } from './sample.js';

const PROGRAM = fileURLToPath(new URL('../src/main.js', import.meta.url));
const ENTRIES = 100_000;
const FEWER = 20_000;
/** A third of what the file has. */
const MOST_MEMORY_MB = 56;
// Finds what became quadratic, and not a machine that is busy: alone it is some 15,000.
const LEAST_A_SECOND = 200;

const log = logOf('room-a', ENTRIES);

test('a file of 100,000 entries is checked by the program in a heap of a third of its size', () => {
  const folder = mkdtempSync(join(tmpdir(), 'moa-verify-speed-'));
  const sample = exportOf('NDJSON', [{ log }]);
  const data = dataOf(sample);
  writeFileSync(join(folder, 'data.ndjson'), data);
  writeFileSync(join(folder, 'manifest.json'), signed(sample, { data }));
  writeFileSync(join(folder, 'key.pem'), archivePem);
  const memory = [`--max-old-space-size=${MOST_MEMORY_MB}`, '--max-semi-space-size=4'];
  const { status, stdout, stderr } = spawnSync(process.execPath, [...memory, PROGRAM, folder, '--key', join(folder, 'key.pem')], {
    encoding: 'utf8',
  });
  assert.is(status, 0, stdout + stderr.slice(0, 2_000));
  const aSecond = Number(/(\d+) a second/.exec(stdout)![1]);
  console.log(
    `» NDJSON: ${ENTRIES} entries (${Math.round(data.length / 1e6)} MB) checked, ${aSecond} a second, with ${MOST_MEMORY_MB} MB of heap`,
  );
  assert.ok(aSecond > LEAST_A_SECOND);
});

test('CSV is checked as quickly', async () => {
  const sample = exportOf('CSV', [{ log: log.slice(0, FEWER) }]);
  const data = dataOf(sample);
  const manifest = signed(sample, { data });
  const begunMs = performance.now();
  const report = await verifyExport(manifest, chunksOf(data, 1 << 20), { keys: [archive.publicKey] });
  const aSecond = Math.round((FEWER / (performance.now() - begunMs)) * 1_000);
  assert.equal(report.findings, []);
  assert.is(report.entryCount, FEWER);
  console.log(`\n» CSV: ${FEWER} entries (${Math.round(data.length / 1e6)} MB) checked, ${aSecond} a second`);
  assert.ok(aSecond > LEAST_A_SECOND);
});

test.run();
