// Checks an export: that it is whole, and that what stands in it is what was said.
import { createHash, type KeyObject } from 'node:crypto';
import { canonical, type Json } from './canonical.js';
import { checkpointForm, checkpointFrom, fingerprintOf, isSignedBy, keyIdOf, publicKeyFrom, type SignedCheckpoint } from './checkpoint.js';
import { type ExportedEntry, entryFromCells, entryFromJson, isHeadRow, MANIFEST_VERSION } from './format.js';
import { commitmentOf, entryHash, ZERO } from './hashes.js';
import { growingTree, verifyInclusion } from './merkle.js';
import { linesOf, rowsOf } from './read-lines.js';

/** Something that is wrong, and where. */
export interface Finding {
  /** Of the file, from 1; 0: of the manifest, or of the file as a whole. */
  readonly line: number;
  readonly room: string;
  /** 0 when it is about no entry. */
  readonly sequence: number;
  readonly what: string;
}

export interface Report {
  readonly findings: readonly Finding[];
  /** More than are listed. */
  readonly findingCount: number;
  readonly entryCount: number;
  readonly purgedCount: number;
  readonly roomCount: number;
  /** Of the key that has signed the manifest: see fingerprintOf. Empty when that is none of the trusted. */
  readonly fingerprint: string;
  /** Keys were given from outside, and not only taken from the manifest. */
  readonly isKeyKnown: boolean;
}

export interface Trust {
  /** Whose signatures hold: the archive's key, and those it had before. Without them the manifest's own is taken, which proves nothing about who has signed. */
  readonly keys?: readonly KeyObject[] | undefined;
  /** Checkpoints that were kept elsewhere: the log of then has to be the beginning of what is exported. */
  readonly checkpoints?: readonly SignedCheckpoint[] | undefined;
}

const MAX_FINDINGS = 50;

interface Room {
  readonly checkpoint: SignedCheckpoint;
  readonly complete: boolean;
  readonly tree: ReturnType<typeof growingTree>;
  last?: ExportedEntry;
}

/** Checks everything and does not stop at what it finds. Throws only for a manifest that cannot be read. */
export async function verifyExport(
  manifestText: string,
  data: AsyncIterable<Uint8Array>,
  { keys, checkpoints = [] }: Trust = {},
): Promise<Report> {
  const findings: Finding[] = [];
  let findingCount = 0;
  const find = (what: string, line = 0, room = '', sequence = 0) => {
    findingCount += 1;
    if (findings.length < MAX_FINDINGS) findings.push({ line, room, sequence, what });
  };

  const { signature, ...body } = JSON.parse(manifestText) as Record<string, Json>;
  if (body.version !== MANIFEST_VERSION) throw new TypeError(`a manifest of version ${String(body.version)} is not known`);
  const trusted = new Map((keys ?? [publicKeyFrom(String(body.key))]).map((key) => [keyIdOf(key), key]));
  const checkSignature = (of: string, keyId: string, text: string, bytes: Buffer, room = '') => {
    const key = trusted.get(keyId);
    if (!key) find(`${of} is signed by the key ${keyId}, which is not trusted`, 0, room);
    else if (!isSignedBy(key, text, bytes)) find(`the signature of ${of} does not hold`, 0, room);
  };
  const checkSigned = (of: string, checkpoint: SignedCheckpoint) =>
    checkSignature(of, checkpoint.keyId, checkpointForm(checkpoint), checkpoint.signature, checkpoint.room);
  checkSignature('the manifest', String(body.keyId), canonical(body), Buffer.from(String(signature), 'base64'));

  const rooms = new Map<string, Room>();
  for (const { checkpoint: json, complete } of body.rooms as unknown as { checkpoint: Json; complete: boolean }[]) {
    const checkpoint = checkpointFrom(json);
    const { room } = checkpoint;
    checkSigned('the checkpoint', checkpoint);
    if (rooms.has(room)) find('the manifest names the room twice', 0, room);
    rooms.set(room, { checkpoint, complete, tree: growingTree() });
  }
  for (const checkpoint of checkpoints) {
    const room = rooms.get(checkpoint.room);
    checkSigned('the kept checkpoint', checkpoint);
    compareCheckpoints(checkpoint, room, (what) => find(what, 0, checkpoint.room));
  }

  const digest = createHash('sha256');
  const entries = { count: 0, purged: 0 };
  for await (const { line, entry, problem } of entriesOf(
    String(body.format),
    hashing(data, (chunk) => digest.update(chunk)),
  )) {
    entries.count += 1;
    if (!entry) {
      find(`the line cannot be read: ${problem}`, line);
      continue;
    }
    if (entry.content === null) entries.purged += 1;
    const room = rooms.get(entry.room);
    checkEntry(entry, room, (what) => find(what, line, entry.room, entry.sequence));
    for (const checkpoint of checkpoints)
      if (
        room?.complete &&
        checkpoint.room === entry.room &&
        checkpoint.size === room.tree.size &&
        !room.tree.root().equals(checkpoint.root)
      )
        find(`the log was another when the checkpoint of ${checkpoint.time.toISOString()} was signed`, line, entry.room, entry.sequence);
  }
  if (entries.count !== body.count) find(`the manifest tells of ${String(body.count)} entries, and the file has ${entries.count}`);
  if (digest.digest('hex') !== body.sha256) find("the file's SHA-256 is not the one in the manifest");
  for (const [room, { checkpoint, complete, tree, last }] of rooms) {
    if (!complete) continue;
    if (tree.size !== checkpoint.size) find(`the room has ${checkpoint.size} entries, and the file ${tree.size} of them`, 0, room);
    else if (!tree.root().equals(checkpoint.root)) find("the entries' tree has another root than the checkpoint", 0, room);
    if (last && tree.size === checkpoint.size && !checkpoint.head.equals(last.hash))
      find('the last entry is not the one that the checkpoint names', 0, room);
  }
  const signer = trusted.get(String(body.keyId));
  return {
    findings,
    findingCount,
    entryCount: entries.count,
    purgedCount: entries.purged,
    roomCount: rooms.size,
    fingerprint: signer ? fingerprintOf(signer) : '',
    isKeyKnown: keys !== undefined,
  };
}

/** What two checkpoints say without the entries: those are compared when they have been read. */
function compareCheckpoints(kept: SignedCheckpoint, room: Room | undefined, find: (what: string) => void): void {
  if (!room) {
    find('nothing of the room is exported: the kept checkpoint cannot be compared');
    return;
  }
  const { checkpoint, complete } = room;
  const isNewer = kept.time > checkpoint.time;
  const facts = `${kept.size} entries at ${kept.time.toISOString()}`;
  if (kept.size > checkpoint.size) {
    if (isNewer) find(`the kept checkpoint is newer than the export, and cannot be compared: ${facts}`);
    else find(`the log was longer before: ${facts}`);
  } else if (kept.size === checkpoint.size) {
    if (!kept.root.equals(checkpoint.root)) find(`the log was another: a fork of what a kept checkpoint signed, ${facts}`);
  } else if (isNewer) find(`the log became shorter: ${facts}`);
  else if (!complete) find('a kept checkpoint can only be compared with a room that is exported whole');
}

function checkEntry(entry: ExportedEntry, room: Room | undefined, find: (what: string) => void): void {
  const { content, nonce, commitment, previous, hash, proof, sequence, purged } = entry;
  if ((content === null) !== (nonce === null) || (content === null) !== (purged !== null))
    find('content, nonce and the time of a purge do not fit together');
  if (content && nonce && !isHash(commitment, () => commitmentOf(content, nonce))) find('what was said is not what was committed to');
  if (!isHash(hash, () => entryHash(entry, commitment, previous))) find('a field is not what was hashed');
  if (sequence === 1 && !ZERO.equals(previous)) find('the first entry has one before it');
  if (!room) {
    find('the manifest does not know the room');
    return;
  }
  const { last, checkpoint, complete, tree } = room;
  if (last && sequence <= last.sequence) find(`it stands after the entry ${last.sequence}`);
  else if (complete && sequence !== (last?.sequence ?? 0) + 1) find(`entries are missing: the one before is ${last?.sequence ?? 'none'}`);
  if (last && sequence === last.sequence + 1 && !Buffer.from(last.hash).equals(previous))
    find('the chain is broken: the entry before has another hash');
  if (!verifyInclusion(hash, sequence - 1, checkpoint.size, proof, checkpoint.root)) find('its proof does not lead to the checkpoint');
  room.last = entry;
  if (complete) tree.push(hash);
}

// What has no canonical form, like half a surrogate pair, has no hash either.
function isHash(hash: Uint8Array, make: () => Buffer): boolean {
  try {
    return make().equals(hash);
  } catch {
    return false;
  }
}

interface ReadEntry {
  readonly line: number;
  readonly entry?: ExportedEntry;
  readonly problem?: string;
}

async function* entriesOf(format: string, data: AsyncIterable<Uint8Array>): AsyncGenerator<ReadEntry> {
  let line = 0;
  if (format === 'CSV') {
    for await (const cells of rowsOf(data)) {
      line += 1;
      if (line === 1 && isHeadRow(cells)) continue;
      yield tried(line, () => entryFromCells(cells));
    }
  } else for await (const text of linesOf(data)) yield tried(++line, () => entryFromJson(text));
}

function tried(line: number, read: () => ExportedEntry): ReadEntry {
  try {
    return { line, entry: read() };
  } catch (error) {
    return { line, problem: (error as Error).message };
  }
}

async function* hashing(chunks: AsyncIterable<Uint8Array>, take: (chunk: Uint8Array) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    take(chunk);
    yield chunk;
  }
}
