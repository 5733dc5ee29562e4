import { isDuplicate } from '@moa/kit/mongo';
import { hex, type SignedCheckpoint } from '@moa/verify';
import mongoose from 'mongoose';
import type { CheckpointDocument } from './archive-models.js';
import type { Models } from './models.js';

const { trusted } = mongoose;

/** A room's checkpoint and its number in the room. */
export interface Numbered {
  readonly number: number;
  readonly checkpoint: SignedCheckpoint;
}

export async function newestCheckpoint({ checkpoints }: Models, roomId: string): Promise<Numbered | undefined> {
  const found: CheckpointDocument | null = await checkpoints.findOne({ roomId }).sort({ number: -1 }).lean();
  return found ? numberedOf(found) : undefined;
}

export async function checkpointOfSize({ checkpoints }: Models, roomId: string, size: number): Promise<SignedCheckpoint | undefined> {
  const found: CheckpointDocument | null = await checkpoints.findOne({ roomId, size }).lean();
  return found ? numberedOf(found).checkpoint : undefined;
}

/** Those with a smaller number, the newest first. */
export async function listCheckpoints({ checkpoints }: Models, roomId: string, before: number, limit: number): Promise<Numbered[]> {
  const found: CheckpointDocument[] = await checkpoints
    .find({ roomId, number: trusted({ $lt: before }) })
    .sort({ number: -1 })
    .limit(limit)
    .lean();
  return found.map(numberedOf);
}

/** All of a room, in their order. */
export async function allCheckpoints({ checkpoints }: Models, roomId: string): Promise<Numbered[]> {
  const found: CheckpointDocument[] = await checkpoints.find({ roomId }).sort({ number: 1 }).lean();
  return found.map(numberedOf);
}

/** False when the number is taken. */
export async function addCheckpoint({ checkpoints }: Models, { number, checkpoint }: Numbered): Promise<boolean> {
  const { room: roomId, size, root, head, time, previous, keyId, signature } = checkpoint;
  try {
    await checkpoints.create({
      _id: `${roomId}/${number}`,
      roomId,
      number,
      size,
      root: hex(root),
      head: hex(head),
      time,
      previous: hex(previous),
      keyId,
      signature: hex(signature),
    });
    return true;
  } catch (error) {
    if (isDuplicate(error)) return false;
    throw error;
  }
}

const numberedOf = ({ number, roomId: room, size, root, head, time, previous, keyId, signature }: CheckpointDocument): Numbered => ({
  number,
  checkpoint: {
    room,
    size,
    root: Buffer.from(root, 'hex'),
    head: Buffer.from(head, 'hex'),
    time,
    previous: Buffer.from(previous, 'hex'),
    keyId,
    signature: Buffer.from(signature, 'hex'),
  },
});
