import { setTimeout as sleep } from 'node:timers/promises';
import { kitFail, mergeCalls } from '@moa/kit';
import mongoose from 'mongoose';
import { NO_HASH } from '../domain/chain.js';
import { type AccessDraft, type AccessRecord, faultOfRecord, sealRecord } from '../domain/record.js';
import { insertInOrder } from './insert.js';
import type { Models } from './models.js';

const { trusted } = mongoose;
const TRIES = 50;
const RETRY_MS = 5;
const BATCH = 500;
/** That are written with one insert. */
const MOST_TOGETHER = 100;

type Head = Pick<AccessRecord, 'sequence' | 'hash'>;
const FIRST: Head = { sequence: 0, hash: NO_HASH };

export interface AccessLog {
  /** Resolves when the record stands in the log. */
  append(draft: AccessDraft): Promise<void>;
}

/** Writes records behind the last. Those that come while others are being written are written together, after them. */
export function openAccessLog({ accessRecords }: Models): AccessLog {
  let last: Head | undefined;
  return {
    // Some may stand there when it fails: none of them is tried once more by itself.
    append: mergeCalls(MOST_TOGETHER, (drafts: readonly AccessDraft[]) =>
      write(drafts).then(
        () => drafts.map(() => ({ value: undefined })),
        (error: unknown) => drafts.map(() => ({ error })),
      ),
    ),
  };

  // The place after the last that this copy knows; who finds it taken looks again.
  async function write(drafts: readonly AccessDraft[]): Promise<void> {
    let left = drafts;
    for (let tries = 0; tries < TRIES; tries++) {
      const before = last ?? (await accessRecords.findOne({}, { sequence: 1, hash: 1 }).sort({ _id: -1 }).lean()) ?? FIRST;
      // Until it is known what became of these.
      last = undefined;
      const records = sealAll(left, before);
      const written = await insertInOrder(
        accessRecords,
        records.map((record) => ({ _id: record.sequence, ...record })),
      );
      if (written === records.length) {
        last = records.at(-1);
        return;
      }
      left = left.slice(written);
      await sleep(Math.random() * RETRY_MS * (tries + 1));
    }
    throw kitFail('OVERLOADED', {}, { retryAfterMs: RETRY_MS * TRIES });
  }
}

function sealAll(drafts: readonly AccessDraft[], before: Head): AccessRecord[] {
  const records: AccessRecord[] = [];
  for (const draft of drafts) {
    const { sequence, hash } = records.at(-1) ?? before;
    records.push(sealRecord(draft, sequence + 1, hash));
  }
  return records;
}

export interface AccessFilter {
  readonly accountId?: string | undefined;
  readonly caseId?: string | undefined;
}

/** Before that sequence, the newest first. */
export const listRecords = (
  { accessRecords }: Models,
  { accountId, caseId }: AccessFilter,
  before: number | undefined,
  limit: number,
): Promise<AccessRecord[]> =>
  accessRecords
    .find({
      ...(accountId !== undefined && { accountId }),
      ...(caseId !== undefined && { caseId }),
      ...(before !== undefined && { _id: trusted({ $lt: before }) }),
    })
    .sort({ _id: -1 })
    .limit(limit)
    .lean();

export interface AccessLogState {
  readonly count: number;
  readonly head: string;
  /** The first that is not as it was. */
  readonly broken: { readonly sequence: number; readonly detail: string } | undefined;
}

/** Reads the whole log. */
export async function checkRecords({ accessRecords }: Models): Promise<AccessLogState> {
  let before = FIRST;
  for (let count = 0; ; ) {
    const records: AccessRecord[] = await accessRecords
      .find({ _id: trusted({ $gt: before.sequence }) })
      .sort({ _id: 1 })
      .limit(BATCH)
      .lean();
    for (const record of records) {
      const detail = faultOfRecord(record, before);
      if (detail) return { count, head: before.hash, broken: { sequence: before.sequence + 1, detail } };
      before = record;
      count += 1;
    }
    if (records.length < BATCH) return { count, head: before.hash, broken: undefined };
  }
}
