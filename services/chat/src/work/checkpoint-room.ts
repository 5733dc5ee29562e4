// Signs what a room's log is at a time.
import { growingTree, HASH_BYTES, hashOfCheckpoint, type SignedCheckpoint, type Signer, signCheckpoint, treeOf, ZERO } from '@moa/verify';
import { NO_HASH } from '../domain/chain.js';
import { fail } from '../errors.js';
import { linksOf } from '../store/archive-entries.js';
import { addCheckpoint, newestCheckpoint } from '../store/checkpoints.js';
import { findHead } from '../store/entries.js';
import type { Models } from '../store/models.js';

/**
 * The newest checkpoint of a room, made first if the room has grown. Undefined for a room where nothing was said. Throws LOG_BROKEN when the
 * log does not go on from the checkpoint before: nobody signs that.
 */
export async function checkpointRoom(models: Models, signer: Signer, roomId: string, at: Date): Promise<SignedCheckpoint | undefined> {
  for (;;) {
    const newest = await newestCheckpoint(models, roomId);
    const size = (await findHead(models, roomId))?.sequence ?? 0;
    if (size <= (newest?.checkpoint.size ?? 0)) return newest?.checkpoint;
    const { root, head } = await rootOf(models, roomId, size, newest?.checkpoint);
    const previous = newest ? hashOfCheckpoint(newest.checkpoint) : ZERO;
    const checkpoint = signCheckpoint({ room: roomId, size, root, head, time: at, previous }, signer);
    if (await addCheckpoint(models, { number: (newest?.number ?? 0) + 1, checkpoint })) return checkpoint;
    // Another copy has made one meanwhile.
  }
}

async function rootOf(models: Models, roomId: string, size: number, before: SignedCheckpoint | undefined) {
  const tree = growingTree();
  let last = NO_HASH;
  for await (const { sequence, previous, hash } of linksOf(models, roomId, size)) {
    if (sequence !== tree.size + 1 || previous !== last) throw fail('LOG_BROKEN', { roomId, sequence });
    tree.push(Buffer.from(hash, 'hex'));
    last = hash;
    if (sequence === before?.size && !tree.root().equals(before.root)) throw fail('LOG_BROKEN', { roomId, sequence });
  }
  if (tree.size !== size) throw fail('LOG_BROKEN', { roomId, sequence: tree.size + 1 });
  return { root: tree.root(), head: Buffer.from(last, 'hex') };
}

/** The tree over a room's first entries: gives proofs. */
export async function treeOfRoom(models: Models, roomId: string, size: number) {
  const leaves = Buffer.alloc(size * HASH_BYTES);
  let count = 0;
  for await (const { sequence, hash } of linksOf(models, roomId, size)) {
    if (sequence !== count + 1) break;
    leaves.set(Buffer.from(hash, 'hex'), count * HASH_BYTES);
    count += 1;
  }
  if (count !== size) throw fail('LOG_BROKEN', { roomId, sequence: count + 1 });
  return treeOf(leaves);
}
