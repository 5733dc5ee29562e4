// moa-verify: see README.md.
import { createReadStream, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkpointFrom, publicKeyFrom } from './checkpoint.js';
import { dataNameOf, unpack } from './unpack.js';
import { type Report, verifyExport } from './verify-export.js';

const USAGE = `Usage: moa-verify <export> [--key <file>]... [--checkpoint <file>]... [--out <folder>]

  <export>      what grpcurl printed of ExportMessages, or a folder with manifest.json and data.ndjson or data.csv
  --key         the public key of the archive (PEM or JWK), as you got it by another way than this export; also each that it had before
  --checkpoint  a checkpoint that you kept, as JSON: the log of then must be the beginning of what is exported
  --out         where to write the file and its manifest`;

const UNREADABLE = 2;

const { values, positionals } = argumentsGiven();

if (values.help || positionals.length !== 1) {
  console.log(USAGE);
  process.exit(values.help ? 0 : UNREADABLE);
}

let temporary: string | undefined;
try {
  const folder = await folderOf(positionals[0]!);
  const manifest = readFileSync(join(folder, 'manifest.json'), 'utf8');
  const data = join(folder, dataNameOf(manifest));
  const begunMs = performance.now();
  const report = await verifyExport(manifest, createReadStream(data, { highWaterMark: 1 << 20 }), {
    keys: values.key.length === 0 ? undefined : values.key.map((file) => publicKeyFrom(readFileSync(file, 'utf8'))),
    checkpoints: values.checkpoint.map((file) => checkpointFrom(JSON.parse(readFileSync(file, 'utf8')))),
  });
  print(report, performance.now() - begunMs);
  process.exitCode = report.findingCount === 0 ? 0 : 1;
} catch (error) {
  console.error(printable(`moa-verify: this cannot be read: ${(error as Error).message}`));
  process.exitCode = UNREADABLE;
} finally {
  if (temporary) rmSync(temporary, { recursive: true, force: true });
}

function argumentsGiven() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        key: { type: 'string', multiple: true, default: [] },
        checkpoint: { type: 'string', multiple: true, default: [] },
        out: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    console.error(`moa-verify: ${(error as Error).message}\n\n${USAGE}`);
    process.exit(UNREADABLE);
  }
}

async function folderOf(path: string): Promise<string> {
  if (statSync(path).isDirectory()) return path;
  if (!values.out) temporary = mkdtempSync(join(tmpdir(), 'moa-verify-'));
  const folder = values.out ?? temporary!;
  await unpack(path, folder);
  return folder;
}

function print(report: Report, tookMs: number): void {
  const { findings, findingCount, entryCount, purgedCount, roomCount, fingerprint, isKeyKnown } = report;
  for (const { line, room, sequence, what } of findings) {
    const where = [line > 0 && `line ${line}`, room && `room ${room}`, sequence > 0 && `sequence ${sequence}`].filter(Boolean);
    console.log(printable(`✗ ${where.length > 0 ? `${where.join(', ')}: ` : ''}${what}`));
  }
  if (findingCount > findings.length) console.log(`  ... and ${findingCount - findings.length} more`);
  const speed = Math.round(entryCount / Math.max(tookMs / 1_000, 0.001));
  console.log(`${entryCount} entries of ${roomCount} rooms read, ${purgedCount} of them purged; ${speed} a second.`);
  if (!isKeyKnown)
    console.log(`! NOBODY HAS SAID WHOSE KEY THIS IS: it came with the export itself, so that anybody may have signed it.
  Compare its fingerprint with the one that you know, or give the key by --key: ${fingerprint}`);
  if (findingCount > 0) console.log(`${findingCount === 1 ? '1 thing is' : `${findingCount} things are`} wrong with it.`);
  else console.log(isKeyKnown ? '✓ Nothing is wrong with it.' : '✓ Nothing is wrong with it, if that key is the right one.');
}

// A room's name comes from the export, and must not move the cursor or write lines of its own.
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?');
}
