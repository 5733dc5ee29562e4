// Turns away at the door who comes too late, or a second time, so that a rush does not reach the database. It never decides who gets a coupon:
// Postgres does. So Redis may be emptied, restarted or away at any moment: the door then lets in whoever comes.
import type { Redis } from '@moa/kit';
import type { Queries } from '../store/database.js';

/** How many are left is looked up again after so long: what was let in and got lost is found then. */
const LEFT_MS = 2_000;
/** Who has one is remembered for so long. */
const OWNERS_MS = 3_600_000;
/** Looked up with what is left. Of larger campaigns, who repeats a call after Redis was away may be told that none is left; his coupon is in his list. */
const OWNERS_LOOKED_UP = 10_000;

/** What the door says: come in; be answered; or ask those inside, who know. */
export type Verdict = 'IN' | 'ALREADY_CLAIMED' | 'CAMPAIGN_EXHAUSTED' | 'ASK';

export interface ClaimDoor {
  enter(campaignId: string, accountId: string, requestId: string): Promise<Verdict>;
  /** It was let in, and has a coupon now; or it had one before. */
  owns(campaignId: string, accountId: string, requestId: string): void;
  /** It was let in, and got none. */
  leave(campaignId: string, accountId: string, requestId: string): void;
  /** There are more, or fewer: it is looked up again. */
  forget(campaignId: string): Promise<void>;
}

// An owner stands there with the request that made him one, and with a question mark while that is not decided: the same request comes in
// again then, since its answer may have been lost on the way, and another may try, too.
export const ENTER = `
  local request = redis.call('HGET', KEYS[2], ARGV[1])
  if request == ARGV[2] or request == '?' .. ARGV[2] or request == '' then return 'ASK' end
  if request and string.sub(request, 1, 1) ~= '?' then return 'ALREADY_CLAIMED' end
  local left = redis.call('GET', KEYS[1])
  if not left then return 'UNKNOWN' end
  if tonumber(left) <= 0 then return 'CAMPAIGN_EXHAUSTED' end
  redis.call('DECR', KEYS[1])
  redis.call('HSET', KEYS[2], ARGV[1], '?' .. ARGV[2])
  redis.call('PEXPIRE', KEYS[2], ARGV[3])
  return 'IN'`;
// What is left stands there beside its owners or not at all: without them, an owner who repeats his call would be told that none is left.
const LOOKED_UP = `
  if ARGV[3] == '1' and redis.call('EXISTS', KEYS[2]) == 0 then return end
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2], 'NX')`;
// Which request made them owners is known of some already.
const OWNERS = `
  for place = 2, #ARGV do
    local request = redis.call('HGET', KEYS[1], ARGV[place])
    if not request or string.sub(request, 1, 1) == '?' then redis.call('HSET', KEYS[1], ARGV[place], '') end
  end
  redis.call('PEXPIRE', KEYS[1], ARGV[1])`;
// Where Redis was emptied meanwhile, one owner alone would stand there for all of them: they are looked up together.
const OWNS = `
  if redis.call('EXISTS', KEYS[1]) == 0 then return end
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
  redis.call('PEXPIRE', KEYS[1], ARGV[3])`;
const LEAVE = `
  if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('INCR', KEYS[1]) end
  if redis.call('HGET', KEYS[2], ARGV[1]) == '?' .. ARGV[2] then redis.call('HDEL', KEYS[2], ARGV[1]) end`;

interface DoorCommands extends Redis {
  enterDoor(left: string, owners: string, accountId: string, requestId: string, forMs: number): Promise<Verdict | 'UNKNOWN'>;
  noteLeft(left: string, owners: string, count: string, forMs: number, hasOwners: 0 | 1): Promise<null>;
  noteOwners(owners: string, forMs: number, ...accountIds: string[]): Promise<null>;
  ownsCoupon(owners: string, accountId: string, requestId: string, forMs: number): Promise<null>;
  leaveDoor(left: string, owners: string, accountId: string, requestId: string): Promise<null>;
}

export function openClaimDoor(redis: Redis, prefix: string, client: Queries): ClaimDoor {
  redis.defineCommand('enterDoor', { numberOfKeys: 2, lua: ENTER });
  redis.defineCommand('noteLeft', { numberOfKeys: 2, lua: LOOKED_UP });
  redis.defineCommand('noteOwners', { numberOfKeys: 1, lua: OWNERS });
  redis.defineCommand('ownsCoupon', { numberOfKeys: 1, lua: OWNS });
  redis.defineCommand('leaveDoor', { numberOfKeys: 2, lua: LEAVE });
  const door = redis as DoorCommands;
  // One hash tag, so that both keys of a campaign are on one node of a cluster.
  const leftOf = (campaignId: string) => `${prefix}claims:{${campaignId}}:left`;
  const ownersOf = (campaignId: string) => `${prefix}claims:{${campaignId}}:owners`;
  // One look for all that wait for it.
  const looks = new Map<string, Promise<void>>();

  async function lookUp(campaignId: string): Promise<void> {
    const campaign = await client.campaign.findUnique({ where: { id: campaignId } });
    // What is not there, or cannot be claimed, is for those inside to say.
    const left = campaign?.claimable ? campaign.totalLimit - campaign.issuedCount : 1n;
    const hasOwners = campaign !== null && (await lookUpOwners(campaignId));
    await door.noteLeft(leftOf(campaignId), ownersOf(campaignId), String(left), LEFT_MS, hasOwners ? 1 : 0);
  }

  // All of them, each time: Redis may have been away when some were served. With which request is not known: those inside are asked when they
  // come again.
  async function lookUpOwners(campaignId: string): Promise<boolean> {
    const where = { campaignId, source: 'CLAIM' };
    const owners = await client.coupon.findMany({ where, select: { ownerId: true }, take: OWNERS_LOOKED_UP });
    if (owners.length === 0) return false;
    await door.noteOwners(ownersOf(campaignId), OWNERS_MS, ...owners.map(({ ownerId }) => ownerId));
    return true;
  }

  const lookedUp = (campaignId: string): Promise<void> => {
    const known = looks.get(campaignId) ?? lookUp(campaignId).finally(() => looks.delete(campaignId));
    looks.set(campaignId, known);
    return known;
  };

  return {
    async enter(campaignId, accountId, requestId) {
      try {
        const ask = () => door.enterDoor(leftOf(campaignId), ownersOf(campaignId), accountId, requestId, OWNERS_MS);
        const first = await ask();
        if (first !== 'UNKNOWN') return first;
        await lookedUp(campaignId);
        const second = await ask();
        return second === 'UNKNOWN' ? 'ASK' : second;
      } catch {
        return 'ASK';
      }
    },
    owns(campaignId, accountId, requestId) {
      door.ownsCoupon(ownersOf(campaignId), accountId, requestId, OWNERS_MS).catch(() => {});
    },
    leave(campaignId, accountId, requestId) {
      door.leaveDoor(leftOf(campaignId), ownersOf(campaignId), accountId, requestId).catch(() => {});
    },
    async forget(campaignId) {
      await redis.del(leftOf(campaignId)).catch(() => {});
    },
  };
}
