import { RoomOpened } from '@moa/contracts/chat/v1/chat_events';
import { type Origin, requestIdOf, type TimeKeyset } from '@moa/kit';
import { beyond, carrying, eventOf, isDuplicate } from '@moa/kit/mongo';
import mongoose from 'mongoose';
import { fail } from '../errors.js';
import type { Models, RoomDocument } from './models.js';

const { trusted } = mongoose;
const READ_TOGETHER = 500;

export interface NewRoom {
  readonly projectId: string;
  readonly sellerId: string;
  readonly title: string;
}

/** Opens a project's room, with its event; a project has one, however often this is asked for. */
export async function openRoom({ rooms }: Models, origin: Origin, { projectId, sellerId, title }: NewRoom): Promise<void> {
  const roomId = roomIdOf(projectId);
  try {
    await rooms.create({
      _id: roomId,
      projectId,
      sellerId,
      title,
      state: 'OPEN',
      createTime: origin.at,
      lastSequence: 0,
      talkTime: origin.at,
      memberCount: 0,
      countVersion: 0,
      ...carrying(eventOf(origin, RoomOpened, { roomId, projectId }, { version: 1 })),
    });
  } catch (error) {
    if (!isDuplicate(error)) throw error;
  }
}

/** A project's room has always the same id. */
export const roomIdOf = (projectId: string): string => requestIdOf(`the room of project ${projectId}`);

/** Of all rooms, in no order that means anything. */
export async function* allRoomIds({ rooms }: Models): AsyncGenerator<string> {
  for (let last = ''; ; ) {
    const found = await rooms
      .find({ _id: trusted({ $gt: last }) }, { _id: 1 })
      .sort({ _id: 1 })
      .limit(READ_TOGETHER)
      .lean();
    for (const { _id } of found) yield _id;
    if (found.length < READ_TOGETHER) return;
    last = found.at(-1)!._id;
  }
}

export async function findRoom({ rooms }: Models, id: string): Promise<RoomDocument> {
  const room = await rooms.findById(id).lean();
  if (!room) throw fail('ROOM_NOT_FOUND');
  return room;
}

/** After that one, the newest talk first. */
export function listRooms(
  { rooms }: Models,
  among: readonly string[] | undefined,
  after: TimeKeyset | undefined,
  limit: number,
): Promise<RoomDocument[]> {
  return rooms
    .find({ ...(among && { _id: trusted({ $in: [...among] }) }), ...beyond('talkTime', '$lt', after) })
    .sort({ talkTime: -1, _id: -1 })
    .limit(limit)
    .lean();
}

export async function setRoomState({ rooms }: Models, id: string, state: RoomDocument['state']): Promise<RoomDocument> {
  const room = await rooms.findOneAndUpdate({ _id: id }, { $set: { state } }, { returnDocument: 'after' }).lean();
  if (!room) throw fail('ROOM_NOT_FOUND');
  return room;
}

/** Never goes back. */
export async function noteTalk({ rooms }: Models, id: string, sequence: number, time: Date): Promise<void> {
  await rooms.updateOne({ _id: id }, { $max: { lastSequence: sequence, talkTime: time } });
}

/** Counts a room's members anew. Two that count at once: the one that looked first looks again. */
export async function countMembers({ rooms, members }: Models, id: string): Promise<void> {
  for (;;) {
    const room = await rooms.findById(id, { countVersion: 1 }).lean();
    if (!room) return;
    const memberCount = await members.countDocuments({ roomId: id, leaveTime: null });
    const { matchedCount } = await rooms.updateOne(
      { _id: id, countVersion: room.countVersion },
      { $set: { memberCount }, $inc: { countVersion: 1 } },
    );
    if (matchedCount > 0) return;
  }
}
