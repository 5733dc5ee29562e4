// What was found is handed over: one officer asks, the other approves, and whoever gets it checks it without Moa. One byte is changed, and found.
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Format } from '@moa/contracts/chat/v1/archive';
import { root } from '@moa/stack';
import type { Officer } from './compliance.js';
import type { Said } from './talk.js';

/** What was kept outside before anything was erased, and the export that has to fit it. */
export interface Evidence {
  readonly folder: string;
  /** For moa-verify: whom to trust, and what the log was. */
  readonly trust: readonly string[];
  remove(): Promise<void>;
}

/** Keeps the archive's key, and a checkpoint that covers the message, where Moa cannot reach them. */
export async function keepOutside({ moa, cause }: Officer, { roomId, sequence }: Said): Promise<Evidence> {
  const folder = await mkdtemp(join(tmpdir(), 'moa-case-'));
  const [key, kept] = [join(folder, 'archive.pem'), join(folder, 'checkpoint.json')];
  const { keys } = await moa.archive.listSigningKeys({ cause });
  const { canonical, signature } = (await moa.archive.getProof({ cause, roomId, sequence })).checkpoint!;
  await writeFile(key, keys[0]!.pem);
  await writeFile(kept, JSON.stringify({ ...JSON.parse(canonical), signature: Buffer.from(signature).toString('base64') }));
  return { folder, trust: ['--key', key, '--checkpoint', kept], remove: () => rm(folder, { recursive: true }) };
}

/** The whole room, as a folder of a manifest and a file. */
export async function exportRoom([first, second]: readonly [Officer, Officer], roomId: string, { folder }: Evidence): Promise<string> {
  const { cause } = first;
  const { request } = await first.moa.archive.requestExport({ cause, query: { roomId }, format: Format.FORMAT_NDJSON });
  await second.moa.archive.approveRequest({ cause, id: request!.id });
  const pieces: Uint8Array[] = [];
  let manifest: Uint8Array | undefined;
  for await (const { part } of first.moa.archive.exportMessages({ cause, exportId: request!.id })) {
    if (part?.$case === 'data') pieces.push(part.value);
    else manifest = part?.value;
  }
  const handedOver = join(folder, 'export');
  await mkdir(handedOver);
  await writeFile(join(handedOver, 'data.ndjson'), Buffer.concat(pieces));
  await writeFile(join(handedOver, 'manifest.json'), manifest!);
  return handedOver;
}

/** A copy of which one byte was changed: the last letter of what was said is another. */
export async function forge(handedOver: string, { text }: Said, { folder }: Evidence): Promise<string> {
  const copy = join(folder, 'copy');
  await cp(handedOver, copy, { recursive: true });
  const file = join(copy, 'data.ndjson');
  const data = await readFile(file);
  const at = data.indexOf(text) + Buffer.byteLength(text) - 1;
  data.writeUInt8(data.readUInt8(at) ^ 1, at);
  await writeFile(file, data);
  return copy;
}

export interface Verdict {
  /** 0: nothing is wrong. */
  readonly code: number;
  readonly lines: readonly string[];
}

/** As whoever got it checks it: with moa-verify, which knows no more of Moa than is in its arguments. */
export function verifyOutside(handedOver: string, { trust }: Evidence): Promise<Verdict> {
  return new Promise((resolve, reject) =>
    execFile('npx', ['--no', '--', 'moa-verify', handedOver, ...trust], { cwd: root }, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') return reject(error);
      resolve({ code: Number(error?.code ?? 0), lines: (stdout + stderr).trimEnd().split('\n') });
    }),
  );
}
