// What is kept of a person, and why.
import mongoose from 'mongoose';
import { dueTime } from '../domain/retention.js';
import { activeHolds } from './holds.js';
import type { Models } from './models.js';
import { readPolicy } from './policy.js';
import { findRoom } from './rooms.js';

const { trusted } = mongoose;

export interface Kept {
  readonly roomId: string;
  readonly count: number;
  readonly retainUntil: Date | undefined;
  readonly holdIds: readonly string[];
}

/** Rooms after that one in which a person is or was a member, with what is kept of it. */
export async function keptOf(models: Models, authorId: string, after: string, limit: number): Promise<Kept[]> {
  const rooms = await models.members
    .find({ accountId: authorId, roomId: trusted({ $gt: after }) }, { roomId: 1 })
    .sort({ roomId: 1 })
    .limit(limit)
    .lean();
  return Promise.all(rooms.map(({ roomId }) => keptIn(models, authorId, roomId)));
}

async function keptIn(models: Models, authorId: string, roomId: string): Promise<Kept> {
  const [room, policy, holds] = await Promise.all([findRoom(models, roomId), readPolicy(models), activeHolds(models)]);
  const mine = { authorId, roomId, purgeTime: null };
  const [count, last] = await Promise.all([
    models.entries.countDocuments(mine),
    models.entries.findOne(mine, { time: 1 }).sort({ time: -1, sequence: -1 }).lean(),
  ]);
  const holdIds: string[] = [];
  for (const { _id, roomId: ofRoom, projectId, authorId: of, startTime, endTime } of holds) {
    const isMine = (ofRoom ?? roomId) === roomId && (projectId ?? room.projectId) === room.projectId && (of ?? authorId) === authorId;
    const time = { ...(startTime && { $gte: startTime }), ...(endTime && { $lt: endTime }) };
    const isAny = isMine && (await models.entries.exists({ ...mine, ...((startTime || endTime) && { time: trusted(time) }) }));
    if (isAny) holdIds.push(_id);
  }
  return { roomId, count, retainUntil: last ? dueTime(policy, { projectId: room.projectId, time: last.time }) : undefined, holdIds };
}
