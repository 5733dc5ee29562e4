// Logs and exports made as the archive makes them, for tests to change.
import { createHash, randomBytes } from 'node:crypto';
import { pemOf, signerFrom } from '../src/checkpoint.js';
import {
  commitmentOf,
  type ExportedEntry,
  entryHash,
  type Format,
  headOf,
  lineOf,
  type Manifest,
  manifestText,
  type SignedCheckpoint,
  type Signer,
  signCheckpoint,
  treeOf,
  verifyExport,
  ZERO,
} from '../src/index.js';

export const archive = signerFrom(Buffer.alloc(32, 7));
export const stranger = signerFrom(Buffer.alloc(32, 8));
export const archivePem = pemOf(archive.publicKey);

const START_MS = Date.UTC(2026, 10, 26);
const KINDS = ['MESSAGE', 'MESSAGE', 'EDIT', 'MESSAGE', 'DELETE', 'HIDE', 'UNHIDE'] as const;
// What a format must not stumble over.
const TEXTS = ['Hello, "all"', 'two\r\nlines', '=HYPERLINK("x")', '한국어 🎉', '', 'a;b\tc,d', '\u2028 and \\ and \u0000'];

export type LogEntry = Omit<ExportedEntry, 'proof'>;

/** A room's log. `from` makes it another one from there on, chained as it should be. */
export function logOf(room: string, size: number, { beginning = [] as readonly LogEntry[], word = '' } = {}): LogEntry[] {
  const log = [...beginning];
  for (let sequence = log.length + 1; sequence <= size; sequence++) {
    const kind = KINDS[(sequence - 1) % KINDS.length]!;
    const facts = {
      room,
      sequence,
      time: new Date(START_MS + sequence * 1_000),
      author: `author-${sequence % 3}`,
      mark: sequence % 4 === 0 ? 'SELLER' : 'NONE',
      kind,
      target: kind === 'MESSAGE' ? 0 : 1,
    };
    const content = {
      text: `${TEXTS[sequence % TEXTS.length]}${word}`,
      imageUrls: ['https://example.com/1.png'],
      replyTo: 0,
      mentions: ['author-1'],
    };
    const nonce = randomBytes(32);
    const commitment = commitmentOf(content, nonce);
    const previous = log.at(-1)?.hash ?? ZERO;
    log.push({ ...facts, content, nonce, purged: null, commitment, previous, hash: entryHash(facts, commitment, previous) });
  }
  return log;
}

export const purge = (entry: LogEntry): LogEntry => ({ ...entry, content: null, nonce: null, purged: new Date(START_MS + 86_400_000) });

const treeOfLog = (log: readonly LogEntry[]) => treeOf(Buffer.concat(log.map(({ hash }) => hash)));

export function checkpointOf(
  log: readonly LogEntry[],
  { signer = archive, time = new Date(START_MS + log.length * 3_600_000) } = {},
): SignedCheckpoint {
  const head = Buffer.from(log.at(-1)!.hash);
  return signCheckpoint({ room: log[0]!.room, size: log.length, root: treeOfLog(log).root(), head, time, previous: ZERO }, signer);
}

export interface Room {
  readonly log: readonly LogEntry[];
  /** Sequences that are exported; all of them without it. */
  readonly sequences?: readonly number[];
  readonly checkpoint?: SignedCheckpoint;
}

export interface Export {
  readonly format: Format;
  /** Each entry as it stands in the file, with its line end. */
  readonly lines: readonly string[];
  readonly rooms: Manifest['rooms'];
}

export function exportOf(format: Format, rooms: readonly Room[]): Export {
  const lines = rooms.flatMap(({ log, sequences }) => {
    const tree = treeOfLog(log);
    return log
      .filter(({ sequence }) => !sequences || sequences.includes(sequence))
      .map((entry) => lineOf(format, { ...entry, proof: tree.inclusion(entry.sequence - 1) }));
  });
  return {
    format,
    lines,
    rooms: rooms.map(({ log, sequences, checkpoint = checkpointOf(log) }) => ({ checkpoint, complete: sequences === undefined })),
  };
}

export const dataOf = ({ format, lines }: Export): Buffer => Buffer.from(headOf(format) + lines.join(''));

export const signed = (what: Export, { signer = archive as Signer, data = dataOf(what) } = {}): string =>
  manifestText(
    {
      case: 'case-1',
      purpose: 'a test',
      query: { account: 'author-1', rooms: ['a'] },
      format: what.format,
      count: what.lines.length,
      sha256: createHash('sha256').update(data).digest(),
      rooms: what.rooms,
      time: new Date(START_MS),
    },
    signer,
  );

/** In chunks of a few bytes, as no reader would like them. */
export async function* chunksOf(data: Buffer, bytes = 7): AsyncGenerator<Buffer> {
  for (let at = 0; at < data.length; at += bytes) yield data.subarray(at, at + bytes);
}

/** What a verifier who knows the archive's key finds. */
export const findingsIn = async (manifest: string, data: Buffer, checkpoints: readonly SignedCheckpoint[] = []) =>
  (await verifyExport(manifest, chunksOf(data, 1 << 16), { keys: [archive.publicKey], checkpoints })).findings;
