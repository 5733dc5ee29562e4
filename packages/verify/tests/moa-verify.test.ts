// The program as people run it: on a folder, and on what grpcurl printed.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkpointJson, fingerprintOf, pemOf } from '../src/index.js';
import { archive, archivePem, checkpointOf, dataOf, type Export, exportOf, logOf, purge, signed, stranger } from './sample.js';

const PROGRAM = fileURLToPath(new URL('../../bin.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'moa-verify-test-'));
let files = 0;
const write = (text: string | Buffer): string => {
  const path = join(folder, `file-${++files}`);
  writeFileSync(path, text);
  return path;
};

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

function folderOf(what: Export, manifest = signed(what), data = dataOf(what)): string {
  const path = mkdtempSync(join(folder, 'export-'));
  writeFileSync(join(path, what.format === 'CSV' ? 'data.csv' : 'data.ndjson'), data);
  writeFileSync(join(path, 'manifest.json'), manifest);
  return path;
}

/** Pieces of no round size, so that characters and lines are cut. */
function printedByGrpcurl(data: Buffer, manifest: string, indent = 2, bytes = 1_001): string {
  const parts: object[] = [];
  for (let at = 0; at < data.length; at += bytes) parts.push({ data: data.subarray(at, at + bytes).toString('base64') });
  parts.push({ manifest: Buffer.from(manifest).toString('base64') });
  return parts.map((part) => `${JSON.stringify(part, null, indent)}\n`).join('');
}

const log = logOf('room-a', 30).map((entry) => (entry.sequence === 4 ? purge(entry) : entry));
const key = write(archivePem);

for (const format of ['NDJSON', 'CSV'] as const) {
  const sample = exportOf(format, [{ log }, { log: logOf('room-b', 9), sequences: [2, 5] }]);
  const data = dataOf(sample);

  test(`${format}: an export that is right is called so, from a folder and from grpcurl, pretty or a line each`, () => {
    const printed = [2, 0].map((indent) => write(printedByGrpcurl(data, signed(sample), indent)));
    for (const path of [folderOf(sample), ...printed]) {
      const { status, stdout, stderr } = run(path, '--key', key);
      assert.is(status, 0, stdout + stderr);
      assert.match(stdout, /^32 entries of 2 rooms read, 1 of them purged; \d+ a second\.\n✓ Nothing is wrong with it\.\n$/);
    }
  });

  test(`${format}: --out keeps the file and its manifest, byte for byte, for nobody else`, () => {
    const out = join(folder, `out-${format}`);
    assert.is(run(write(printedByGrpcurl(data, signed(sample))), '--out', out, '--key', key).status, 0);
    const name = format === 'CSV' ? 'data.csv' : 'data.ndjson';
    assert.equal(readdirSync(out).sort(), [name, 'manifest.json']);
    assert.equal(readFileSync(join(out, name)), data);
    assert.is(statSync(join(out, name)).mode & 0o077, 0);
    assert.is(run(out, '--key', key).status, 0);
  });
}

const sample = exportOf('NDJSON', [{ log }]);

test('what is wrong is told with its line, room and sequence, all of it', () => {
  const lines = sample.lines.map((line, at) => (at === 6 || at === 20 ? line.replace('author-', 'nobody-') : line));
  const { status, stdout } = run(folderOf({ ...sample, lines }), '--key', key);
  assert.is(status, 1);
  assert.match(stdout, /^✗ line 7, room room-a, sequence 7: a field is not what was hashed$/m);
  assert.match(stdout, /^✗ line 21, room room-a, sequence 21: a field is not what was hashed$/m);
  assert.match(stdout, /^2 things are wrong with it\.$/m);
});

test('a key that nobody vouched for is told loudly, with its fingerprint', () => {
  const { status, stdout } = run(folderOf(sample));
  assert.is(status, 0);
  assert.match(stdout, /^! NOBODY HAS SAID WHOSE KEY THIS IS/m);
  assert.match(stdout, new RegExp(fingerprintOf(archive.publicKey)));
  assert.match(stdout, /Nothing is wrong with it, if that key is the right one/);
});

test('an export that somebody else has signed is refused by --key, as PEM or JWK', () => {
  const forged = exportOf('NDJSON', [{ log, checkpoint: checkpointOf(log, { signer: stranger }) }]);
  const path = folderOf(forged, signed(forged, { signer: stranger }));
  assert.is(run(path).status, 0);
  for (const file of [key, write(JSON.stringify(archive.publicKey.export({ format: 'jwk' })))]) {
    const { status, stdout } = run(path, '--key', file);
    assert.is(status, 1);
    assert.match(stdout, /the manifest is signed by the key [0-9a-f]{16}, which is not trusted/);
  }
});

test('an export and a kept checkpoint from before a change of keys hold under both keys, and not under one', () => {
  const older = checkpointOf(log.slice(0, 5), { signer: stranger });
  const kept = ['--checkpoint', write(JSON.stringify(checkpointJson(older)))];
  const before = write(pemOf(stranger.publicKey));
  assert.is(run(folderOf(sample), '--key', key, '--key', before, ...kept).status, 0);
  const { status, stdout } = run(folderOf(sample), '--key', key, ...kept);
  assert.is(status, 1);
  assert.match(stdout, /the kept checkpoint is signed by the key/);
});

test('--checkpoint finds a log that was written anew, and lets the right one pass; there may be several', () => {
  const fork = exportOf('NDJSON', [{ log: logOf('room-a', 30, { beginning: log.slice(0, 9), word: '!' }) }]);
  const kept = [5, 9, 12].map((size) => write(JSON.stringify(checkpointJson(checkpointOf(log.slice(0, size))))));
  const all = kept.flatMap((file) => ['--checkpoint', file]);
  assert.is(run(folderOf(sample), '--key', key, ...all).status, 0);
  assert.is(run(folderOf(fork), '--key', key).status, 0);
  const { status, stdout } = run(folderOf(fork), '--key', key, ...all);
  assert.is(status, 1);
  assert.match(stdout, /^✗ line 12, room room-a, sequence 12: the log was another when the checkpoint of .* was signed$/m);
  assert.match(stdout, /^1 thing is wrong with it\.$/m);
});

test("an export cannot write to the reader's screen", () => {
  const lines = [sample.lines[0]!.replace('room-a', '\\u001b[2J\\n✓ Nothing is wrong with it.\\u202e')];
  const { status, stdout } = run(folderOf({ ...sample, lines }), '--key', key);
  assert.is(status, 1);
  for (const forged of ['\u001b', '\u202e', '\n✓']) assert.not(stdout.includes(forged), JSON.stringify(stdout));
});

test('what cannot be read is told as that, and leaves nothing behind', () => {
  const whole = printedByGrpcurl(dataOf(sample), signed(sample));
  const out = join(folder, 'nothing');
  const unreadable = [
    join(folder, 'not-there'),
    write(''),
    write('ERROR:\n  Code: NotFound\n'),
    write('{"data": 7}'),
    write('}'),
    write(whole.slice(0, whole.length / 2)),
    write(whole.slice(0, whole.lastIndexOf('{'))),
    write(whole + whole),
    write(printedByGrpcurl(dataOf(sample), 'no manifest')),
  ];
  for (const path of unreadable) {
    const { status, stdout, stderr } = run(path, '--out', out);
    assert.is(status, 2, `${path}: ${stdout}`);
    assert.match(stderr, /^moa-verify: this cannot be read: [^\n]+\n$/);
  }
  assert.equal(readdirSync(out), []);
  const wrongVersion = JSON.stringify({ ...JSON.parse(signed(sample)), version: 2 });
  assert.match(run(folderOf(sample, wrongVersion)).stderr, /version 2 is not known/);
  assert.is(run(folderOf(sample, 'x')).status, 2);
  assert.is(run(folderOf(sample), '--key', write('no key')).status, 2);
  assert.is(run(folderOf(sample), '--checkpoint', write('{}')).status, 2);
  assert.is(run(folderOf(sample), '--wrong').status, 2);
});

test('--help says how it is used, and no argument too', () => {
  assert.match(run('--help').stdout, /^Usage: moa-verify/);
  assert.is(run('--help').status, 0);
  assert.is(run().status, 2);
});

test.run();
