import { HoldCreated, HoldReleased } from '@moa/contracts/chat/v1/chat_events';
import { kitFail, type Origin, type TimeKeyset } from '@moa/kit';
import { beyond, carrying, eventOf, isDuplicate, withEvent } from '@moa/kit/mongo';
import mongoose from 'mongoose';
import { isHeldBy, type Reach } from '../domain/hold.js';
import { fail } from '../errors.js';
import type { HoldDocument } from './archive-models.js';
import type { Models } from './models.js';

const { trusted } = mongoose;

export interface NewHold {
  readonly id: string;
  readonly caseId: string;
  readonly purpose: string;
  readonly creatorId: string;
  readonly reach: Reach;
}

/**
 * Makes a hold, which holds when this resolves. First it stands where purges look; then whatever a purge has claimed already, and might erase
 * without having seen it, is taken out of the purge's hands. See docs/adr/0025.
 */
export async function createHold(models: Models, wish: NewHold, { at, trace }: Origin, now: () => Date): Promise<HoldDocument> {
  const hold = await insertHold(models, wish, { at, trace });
  await dropClaims(models, wish.reach);
  if (hold.effectiveTime) return hold;
  await models.holds.updateOne({ _id: hold._id, effectiveTime: null }, { $set: { effectiveTime: now() } });
  return findHold(models, hold._id);
}

async function insertHold({ holds }: Models, { id, reach, ...wish }: NewHold, origin: Origin): Promise<HoldDocument> {
  const set = Object.fromEntries(Object.entries(reach).filter(([, value]) => value !== undefined)) as Reach;
  const event = { holdId: id, createTime: origin.at };
  try {
    await holds.create({
      _id: id,
      ...wish,
      ...set,
      createTime: origin.at,
      ...carrying(eventOf(origin, HoldCreated, event, { version: 1 })),
    });
  } catch (error) {
    if (!isDuplicate(error)) throw error;
  }
  const found = (await holds.findById(id).lean())!;
  const isSame = (Object.keys(reach) as (keyof Reach)[]).every((field) => String(found[field]) === String(reach[field]));
  if (!isSame || found.creatorId !== wish.creatorId) throw kitFail('REQUEST_ID_REUSED');
  return found;
}

/** Takes what purges have claimed out of their hands: they do not erase what they find unclaimed. */
export async function dropClaims({ entries }: Models, reach: Reach): Promise<void> {
  const claimed = await entries.find({ purgeClaim: trusted({ $exists: true }) }, { roomId: 1, projectId: 1, authorId: 1, time: 1 }).lean();
  const ids = claimed.filter((entry) => isHeldBy(reach, entry)).map(({ _id }) => _id);
  if (ids.length > 0) await entries.updateMany({ _id: trusted({ $in: ids }) }, { $unset: { purgeClaim: 1 } });
}

export const activeHolds = ({ holds }: Models): Promise<HoldDocument[]> => holds.find({ releaseTime: null }).lean();

/** All there ever were. */
export const allHolds = ({ holds }: Models): Promise<HoldDocument[]> => holds.find({}).lean();

export async function findHold({ holds }: Models, id: string): Promise<HoldDocument> {
  const hold = await holds.findById(id).lean();
  if (!hold) throw fail('HOLD_NOT_FOUND');
  return hold;
}

/** The newest first. */
export function listHolds({ holds }: Models, withReleased: boolean, after: TimeKeyset | undefined, limit: number): Promise<HoldDocument[]> {
  return holds
    .find({ ...(!withReleased && { releaseTime: null }), ...beyond('createTime', '$lt', after) })
    .sort({ createTime: -1, _id: -1 })
    .limit(limit)
    .lean();
}

/** A hold that was released stays so. */
export async function releaseHold({ holds }: Models, id: string, { at, trace }: Origin): Promise<void> {
  const event = eventOf({ at, trace }, HoldReleased, { holdId: id, releaseTime: at }, { version: 2 });
  await holds.updateOne({ _id: id, releaseTime: null }, withEvent({ $set: { releaseTime: at } }, event));
}
