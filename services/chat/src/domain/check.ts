// Checks a room's log entry by entry, against its own hashes, its checkpoints and its holds.
import type { KeyObject } from 'node:crypto';
import {
  canonical,
  checkpointForm,
  commitmentOf,
  entryHash,
  growingTree,
  hashOfCheckpoint,
  hex,
  isSignedBy,
  type SignedCheckpoint,
  ZERO,
} from '@moa/verify';
import { NO_HASH } from './chain.js';
import type { Content, Entry } from './entry.js';
import { gramsOf } from './grams.js';
import { groupsOf } from './groups.js';
import { isHeldBy, type Reach } from './hold.js';
import { isBelowFloor } from './retention.js';

export type FaultKind = 'CHANGED' | 'MISSING' | 'CHAIN_BROKEN' | 'TRUNCATED' | 'FORKED' | 'CHECKPOINT_BROKEN' | 'ERASED_EARLY';

export interface Fault {
  /** 0 when it is about no entry. */
  readonly sequence: number;
  readonly kind: FaultKind;
  readonly detail: string;
}

/** As it stands in the store. */
export interface StoredEntry extends Omit<Entry, 'content' | 'nonce' | 'purgeTime'> {
  readonly _id: string;
  readonly content?: Content | undefined;
  readonly nonce?: string | undefined;
  readonly purgeTime?: Date | undefined;
  readonly grams?: readonly string[] | undefined;
}

export interface PastHold extends Reach {
  readonly effectiveTime?: Date | undefined;
  readonly releaseTime?: Date | undefined;
}

export interface RoomWitness {
  readonly roomId: string;
  readonly projectId: string;
  /** The log had at least so many entries once. */
  readonly lastSequence: number;
  /** In their order. */
  readonly checkpoints: readonly { readonly number: number; readonly checkpoint: SignedCheckpoint }[];
  readonly keys: ReadonlyMap<string, KeyObject>;
  readonly holds: readonly PastHold[];
}

/** Takes entries in the order of their sequences, and gives what is wrong with each; at the end what is wrong with the whole. */
export function roomCheck({ roomId, projectId, lastSequence, checkpoints, keys, holds }: RoomWitness) {
  const tree = growingTree();
  const bySize = groupsOf(checkpoints, ({ checkpoint }) => checkpoint.size);
  let last = { sequence: 0, hash: NO_HASH, time: new Date(0) };
  let purged = 0;

  return {
    get purged() {
      return purged;
    },
    checkpoints: (): Fault[] => checkpointFaults(roomId, checkpoints, keys),
    entry(entry: StoredEntry): Fault[] {
      const { sequence } = entry;
      const faults: Fault[] = [];
      const wrong = (kind: FaultKind, detail: string) => faults.push({ sequence, kind, detail });
      if (sequence !== last.sequence + 1) wrong('MISSING', `entries ${last.sequence + 1} to ${sequence - 1} are not there`);
      if (entry.previous !== last.hash) wrong('CHAIN_BROKEN', 'it names another entry as the one before');
      if (entry.time < last.time) wrong('CHANGED', 'it is older than the one before');
      for (const detail of changesOf(entry, roomId, projectId)) wrong('CHANGED', detail);
      const { purgeTime } = entry;
      if (purgeTime) {
        purged += 1;
        if (isBelowFloor(entry, purgeTime)) wrong('ERASED_EARLY', 'it was erased within six months');
        if (holds.some((hold) => isHeldBy(hold, entry) && wasInForce(hold, purgeTime)))
          wrong('ERASED_EARLY', 'it was erased while a hold was on it');
      }
      tree.push(bytesOf(entry.hash));
      for (const { number, checkpoint } of bySize.get(sequence) ?? []) {
        if (!tree.root().equals(checkpoint.root) || hex(checkpoint.head) !== entry.hash)
          wrong('FORKED', `checkpoint ${number} says that the log up to here was another`);
      }
      last = entry;
      return faults;
    },
    end(): Fault[] {
      const { sequence } = last;
      const longest = Math.max(lastSequence, ...checkpoints.map(({ checkpoint }) => checkpoint.size));
      return longest > sequence ? [{ sequence: sequence + 1, kind: 'TRUNCATED', detail: `there were ${longest} entries` }] : [];
    },
  };
}

const wasInForce = ({ effectiveTime, releaseTime }: PastHold, at: Date): boolean =>
  effectiveTime !== undefined && effectiveTime <= at && (!releaseTime || at < releaseTime);

// A hash that is none is told as a change; the tree needs some bytes.
const bytesOf = (hash: string): Buffer => (/^[0-9a-f]{64}$/.test(hash) ? Buffer.from(hash, 'hex') : ZERO);

function changesOf(entry: StoredEntry, roomId: string, projectId: string): string[] {
  const { _id, sequence, content, nonce, purgeTime, commitment, previous, hash, grams } = entry;
  const isErased = content === undefined && nonce === undefined;
  const facts = { ...entry, room: entry.roomId, author: entry.authorId };
  const isOf = (made: () => string, told: string) => {
    try {
      return made() === told;
    } catch {
      // What has no canonical form was never written.
      return false;
    }
  };
  const isSaid = () => isOf(() => hex(commitmentOf(content!, Buffer.from(nonce!, 'hex'))), commitment);
  const isBound = isOf(() => hex(entryHash(facts, Buffer.from(commitment, 'hex'), Buffer.from(previous, 'hex'))), hash);
  const gramsNow = content ? canonical(gramsOf(content.text)) : undefined;
  return [
    _id !== `${roomId}/${sequence}` && 'its id is not that of its place',
    entry.projectId !== projectId && 'it names another project',
    (isErased ? !purgeTime : !content || !nonce || purgeTime !== undefined) && 'its content was taken out, and no purge did that',
    content && nonce && !isSaid() && 'it says something else than what was said',
    !isBound && 'it has another hash than it should have',
    (grams && canonical([...grams])) !== gramsNow && 'a search would not find what it says',
  ].filter((detail) => typeof detail === 'string');
}

function checkpointFaults(roomId: string, checkpoints: RoomWitness['checkpoints'], keys: RoomWitness['keys']): Fault[] {
  const faults: Fault[] = [];
  let before: RoomWitness['checkpoints'][number] | undefined;
  for (const each of checkpoints) {
    const { number, checkpoint } = each;
    const wrong = (detail: string) => faults.push({ sequence: 0, kind: 'CHECKPOINT_BROKEN', detail: `checkpoint ${number}: ${detail}` });
    const key = keys.get(checkpoint.keyId);
    if (number !== (before?.number ?? 0) + 1) wrong('one before it is missing');
    if (checkpoint.room !== roomId) wrong('it is of another room');
    if (!key) wrong(`nobody knows its key ${checkpoint.keyId}`);
    else if (!isSignedBy(key, checkpointForm(checkpoint), checkpoint.signature)) wrong('its signature does not hold');
    if (!checkpoint.previous.equals(before ? hashOfCheckpoint(before.checkpoint) : ZERO)) wrong('it does not follow on the one before');
    if (before && (checkpoint.size <= before.checkpoint.size || checkpoint.time < before.checkpoint.time)) wrong('it is out of order');
    before = each;
  }
  return faults;
}
