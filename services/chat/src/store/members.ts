import mongoose from 'mongoose';
import type { Member } from '../domain/member.js';
import { fail } from '../errors.js';
import type { Models } from './models.js';

const { trusted } = mongoose;

/** That a person may be a member of at once. */
export const MOST_ROOMS = 500;

const memberId = (roomId: string, accountId: string): string => `${roomId}/${accountId}`;

export const findMember = ({ members }: Models, roomId: string, accountId: string): Promise<Member | null> =>
  members.findById(memberId(roomId, accountId)).lean();

/** Those of some accounts who are or were in a room, by their account. */
export async function membersOf({ members }: Models, roomId: string, accountIds: readonly string[]): Promise<Map<string, Member>> {
  if (accountIds.length === 0) return new Map();
  const ids = [...new Set(accountIds)].map((accountId) => memberId(roomId, accountId));
  const found: Member[] = await members.find({ _id: trusted({ $in: ids }) }).lean();
  return new Map(found.map((member) => [member.accountId, member]));
}

/** Where a person is a member, in no order. */
export async function roomsOf({ members }: Models, accountId: string, limit: number): Promise<Member[]> {
  return members.find({ accountId, leaveTime: null }).limit(limit).lean();
}

export const isClosed = async ({ closedAccounts }: Models, accountId: string): Promise<boolean> =>
  (await closedAccounts.exists({ _id: accountId })) !== null;

/** Makes a person a member, or a member again. Joining again changes the nickname, and not a mute. */
export async function join({ members }: Models, roomId: string, accountId: string, nickname: string, at: Date): Promise<Member> {
  const _id = memberId(roomId, accountId);
  const back = await members
    .findOneAndUpdate({ _id, leaveTime: trusted({ $ne: null }) }, { $set: { nickname, joinTime: at }, $unset: { leaveTime: 1 } }, AFTER)
    .lean();
  if (back) return back;
  const joined = await members
    .findOneAndUpdate(
      { _id },
      { $set: { nickname }, $setOnInsert: { roomId, accountId, joinTime: at, readSequence: 0 } },
      { ...AFTER, upsert: true },
    )
    .lean();
  return joined!;
}

/** What the person said stays, without a name. */
export async function leave({ members }: Models, roomId: string, accountId: string, at: Date): Promise<boolean> {
  const { matchedCount } = await members.updateOne(
    { _id: memberId(roomId, accountId), leaveTime: null },
    { $set: { nickname: '', leaveTime: at } },
  );
  return matchedCount > 0;
}

/** Never goes back. */
export async function markRead({ members }: Models, roomId: string, accountId: string, sequence: number): Promise<Member> {
  const member = await members
    .findOneAndUpdate({ _id: memberId(roomId, accountId), leaveTime: null }, { $max: { readSequence: sequence } }, AFTER)
    .lean();
  if (!member) throw fail('NOT_A_MEMBER');
  return member;
}

/** Until then a person may not write in a room; undefined: may again. */
export async function setMute({ members }: Models, roomId: string, accountId: string, until: Date | undefined): Promise<Member> {
  const change = until ? { $set: { muteEndTime: until } } : { $unset: { muteEndTime: 1 } };
  const member = await members.findOneAndUpdate({ _id: memberId(roomId, accountId) }, change as object, AFTER).lean();
  if (!member) throw fail('MEMBER_NOT_FOUND', { accountId });
  return member;
}

/** Names go, and stay away. Gives the rooms that have one member less. */
export async function closeAccount({ members, closedAccounts }: Models, accountId: string, at: Date): Promise<string[]> {
  await closedAccounts.updateOne({ _id: accountId }, { $setOnInsert: { closeTime: at } }, { upsert: true });
  const left: { roomId: string }[] = await members.find({ accountId }, { roomId: 1 }).lean();
  await members.updateMany({ accountId, leaveTime: null }, { $set: { nickname: '', leaveTime: at } });
  return left.map(({ roomId }) => roomId);
}

const AFTER = { returnDocument: 'after' } as const;
