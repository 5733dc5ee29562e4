// How an export is written, for who writes it and who reads it: one line or row for each entry, and a manifest about all of them.
import { canonical, type Json } from './canonical.js';
import { checkpointJson, pemOf, type SignedCheckpoint, type Signer } from './checkpoint.js';
import { type Content, type EntryFacts, hashFrom, hex } from './hashes.js';

/** An entry as it stands in an export. */
export interface ExportedEntry extends EntryFacts {
  /** null when it was purged. */
  readonly content: Content | null;
  /** null with the content. */
  readonly nonce: Uint8Array | null;
  /** null unless it was purged. */
  readonly purged: Date | null;
  readonly commitment: Uint8Array;
  readonly previous: Uint8Array;
  readonly hash: Uint8Array;
  /** From the entry to the root of its room's checkpoint in the manifest. */
  readonly proof: readonly Uint8Array[];
}

export type Format = 'NDJSON' | 'CSV';

const COLUMNS = [
  'room',
  'sequence',
  'time',
  'author',
  'mark',
  'kind',
  'target',
  'content',
  'purged',
  'nonce',
  'commitment',
  'previous',
  'hash',
  'proof',
] as const;

const fieldsOf = (entry: ExportedEntry): { readonly [column in (typeof COLUMNS)[number]]: Json } => ({
  room: entry.room,
  sequence: entry.sequence,
  time: entry.time.toISOString(),
  author: entry.author,
  mark: entry.mark,
  kind: entry.kind,
  target: entry.target,
  content: entry.content && { ...entry.content },
  purged: entry.purged?.toISOString() ?? null,
  nonce: entry.nonce && hex(entry.nonce),
  commitment: hex(entry.commitment),
  previous: hex(entry.previous),
  hash: hex(entry.hash),
  proof: entry.proof.map(hex),
});

/** What stands before the first entry. */
export const headOf = (format: Format): string => (format === 'CSV' ? `${COLUMNS.join(',')}\r\n` : '');

/** An entry with its line end. */
export function lineOf(format: Format, entry: ExportedEntry): string {
  const fields = fieldsOf(entry);
  if (format === 'NDJSON') return `${canonical(fields)}\n`;
  const cells = COLUMNS.map((column) => {
    const value = fields[column];
    if (value === null) return '';
    return quoted(typeof value === 'object' ? canonical(value) : String(value));
  });
  return `${cells.join(',')}\r\n`;
}

const quoted = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

/** Reads what lineOf wrote, from NDJSON. Throws for anything else. */
export const entryFromJson = (line: string): ExportedEntry => entryFrom(JSON.parse(line));

/** Reads what lineOf wrote, from the cells of a CSV row. Throws for anything else. */
export function entryFromCells(cells: readonly string[]): ExportedEntry {
  if (cells.length !== COLUMNS.length) throw new TypeError(`${cells.length} cells instead of ${COLUMNS.length}`);
  const row = Object.fromEntries(COLUMNS.map((column, at) => [column, cells[at]!]));
  return entryFrom({
    ...row,
    sequence: countFrom(row.sequence!),
    target: countFrom(row.target!),
    content: row.content ? JSON.parse(row.content) : null,
    purged: row.purged || null,
    nonce: row.nonce || null,
    proof: JSON.parse(row.proof!),
  });
}

// Number() would also take spaces, signs, 0x10 and nothing at all.
const countFrom = (cell: string): number => (/^(0|[1-9]\d*)$/.test(cell) ? Number(cell) : Number.NaN);

export const isHeadRow = (cells: readonly string[]): boolean => cells.join(',') === COLUMNS.join(',');

function entryFrom(json: Record<string, unknown>): ExportedEntry {
  const unknown = Object.keys(json).filter((name) => !COLUMNS.includes(name as never));
  if (unknown.length > 0) throw new TypeError(`it has a field "${unknown[0]}"`);
  const text = (name: string): string => {
    if (typeof json[name] !== 'string') throw new TypeError(`${name} is no text`);
    return json[name];
  };
  const count = (name: string): number => {
    if (!Number.isSafeInteger(json[name])) throw new TypeError(`${name} is no number`);
    return json[name] as number;
  };
  const time = (name: string): Date => {
    const date = new Date(text(name));
    if (Number.isNaN(date.getTime()) || date.toISOString() !== json[name]) throw new TypeError(`${name} is no time`);
    return date;
  };
  if (!Array.isArray(json.proof)) throw new TypeError('proof is no list');
  return {
    room: text('room'),
    sequence: count('sequence'),
    time: time('time'),
    author: text('author'),
    mark: text('mark'),
    kind: text('kind'),
    target: count('target'),
    content: json.content === null ? null : contentFrom(json.content),
    purged: json.purged === null ? null : time('purged'),
    nonce: json.nonce === null ? null : hashFrom(json.nonce),
    commitment: hashFrom(json.commitment),
    previous: hashFrom(json.previous),
    hash: hashFrom(json.hash),
    proof: json.proof.map(hashFrom),
  };
}

function contentFrom(json: unknown): Content {
  const { text, imageUrls, replyTo, mentions, ...rest } = (json ?? {}) as Record<string, unknown>;
  const isList = (value: unknown) => Array.isArray(value) && value.every((each) => typeof each === 'string');
  if (typeof text !== 'string' || !isList(imageUrls) || !isList(mentions) || !Number.isSafeInteger(replyTo) || Object.keys(rest).length > 0)
    throw new TypeError('content is not what content is');
  return { text, imageUrls: imageUrls as string[], replyTo: replyTo as number, mentions: mentions as string[] };
}

/** A room of an export. */
export interface ExportedRoom {
  readonly checkpoint: SignedCheckpoint;
  /** All entries that the checkpoint covers are in the export. */
  readonly complete: boolean;
}

export interface Manifest {
  readonly case: string;
  readonly purpose: string;
  /** What was asked for. */
  readonly query: Json;
  readonly format: Format;
  readonly count: number;
  /** Of the file. */
  readonly sha256: Uint8Array;
  readonly rooms: readonly ExportedRoom[];
  readonly time: Date;
}

export const MANIFEST_VERSION = 1;

/** The manifest as JSON text, signed: the signature covers the canonical form of all the rest. */
export function manifestText(manifest: Manifest, signer: Signer): string {
  const body: { readonly [name: string]: Json } = {
    version: MANIFEST_VERSION,
    case: manifest.case,
    purpose: manifest.purpose,
    query: manifest.query,
    format: manifest.format,
    count: manifest.count,
    sha256: hex(manifest.sha256),
    rooms: manifest.rooms.map(({ checkpoint, complete }) => ({ checkpoint: checkpointJson(checkpoint), complete })),
    time: manifest.time.toISOString(),
    key: pemOf(signer.publicKey),
    keyId: signer.keyId,
  };
  return JSON.stringify({ ...body, signature: signer.sign(canonical(body)).toString('base64') }, null, 2);
}
