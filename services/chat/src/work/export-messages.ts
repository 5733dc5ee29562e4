// Writes an export: pieces of the file, and last the signed manifest.
import { createHash } from 'node:crypto';
import { type ExportedEntry, headOf, lineOf, manifestText } from '@moa/verify';
import type { Entry } from '../domain/entry.js';
import type { ArchiveQuery } from '../domain/query.js';
import { roomEntries } from '../store/archive-entries.js';
import type { ApprovalDocument } from '../store/archive-models.js';
import type { Models } from '../store/models.js';
import { allRoomIds, roomIdOf } from '../store/rooms.js';
import { checkpointRoom, treeOfRoom } from './checkpoint-room.js';
import type { Signing } from './signing.js';

const PIECE_CHARACTERS = 64 * 1024;

export interface Part {
  readonly $case: 'data' | 'manifest';
  readonly value: Buffer;
}

/** `approval` is of an export. */
export async function* exportMessages(models: Models, { signer }: Signing, approval: ApprovalDocument, at: Date): AsyncGenerator<Part> {
  const query = approval.query!;
  const format = approval.format!;
  const sum = createHash('sha256');
  const rooms = [];
  let count = 0;
  let text = headOf(format);
  const piece = (): Part => {
    const value = Buffer.from(text);
    text = '';
    sum.update(value);
    return { $case: 'data', value };
  };
  for await (const roomId of roomsOf(models, query)) {
    if (!(await hasAny(models, query, roomId))) continue;
    const checkpoint = (await checkpointRoom(models, signer, roomId, at))!;
    const tree = await treeOfRoom(models, roomId, checkpoint.size);
    let ofRoom = 0;
    for await (const entry of roomEntries(models, query, roomId, checkpoint.size)) {
      text += lineOf(format, exportedOf(entry, tree.inclusion(entry.sequence - 1)));
      ofRoom += 1;
      if (text.length >= PIECE_CHARACTERS) yield piece();
    }
    if (ofRoom > 0) rooms.push({ checkpoint, complete: ofRoom === checkpoint.size });
    count += ofRoom;
  }
  if (text !== '') yield piece();
  const { caseId, purpose } = approval;
  const manifest = { case: caseId, purpose, query: jsonOf(query), format, count, sha256: sum.digest(), rooms, time: at };
  yield { $case: 'manifest', value: Buffer.from(manifestText(manifest, signer)) };
}

async function* roomsOf(models: Models, { roomId, projectId }: ArchiveQuery): AsyncGenerator<string> {
  const only = roomId ?? (projectId === undefined ? undefined : roomIdOf(projectId));
  if (only === undefined) yield* allRoomIds(models);
  else yield only;
}

async function hasAny(models: Models, query: ArchiveQuery, roomId: string): Promise<boolean> {
  for await (const _ of roomEntries(models, query, roomId, Number.MAX_SAFE_INTEGER)) return true;
  return false;
}

const exportedOf = ({ roomId, authorId, content, nonce, purgeTime, ...entry }: Entry, proof: readonly Buffer[]): ExportedEntry => ({
  ...entry,
  room: roomId,
  author: authorId,
  content: content ?? null,
  nonce: nonce === undefined ? null : Buffer.from(nonce, 'hex'),
  purged: purgeTime ?? null,
  commitment: Buffer.from(entry.commitment, 'hex'),
  previous: Buffer.from(entry.previous, 'hex'),
  hash: Buffer.from(entry.hash, 'hex'),
  proof,
});

/** What was asked for, without what was not set. */
const jsonOf = (query: ArchiveQuery) => JSON.parse(JSON.stringify(query));
