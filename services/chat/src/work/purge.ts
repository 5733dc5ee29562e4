// Erases what was said when its time is over. Hashes stay, and so do chain and proofs. A hold wins always; how, is told in docs/adr/0025.
import { randomUUID } from 'node:crypto';
import { crashPoint, type JobRun, newId } from '@moa/kit';
import { beyond } from '@moa/kit/mongo';
import mongoose from 'mongoose';
import { isHeldBy } from '../domain/hold.js';
import { dueTime, earliestCut } from '../domain/retention.js';
import type { HoldDocument, RetentionReportDocument } from '../store/archive-models.js';
import { activeHolds } from '../store/holds.js';
import type { EntryDocument, Models } from '../store/models.js';
import { readPolicy } from '../store/policy.js';
import { lastRetentionReport } from '../store/retention-reports.js';

const { trusted } = mongoose;
const BATCH = 200;
const PURGE_EVERY_MS = 6 * 3_600_000;
/** The last that a Date can say. */
const END_OF_TIME = new Date(8.64e15);

type Candidate = Pick<EntryDocument, '_id' | 'roomId' | 'projectId' | 'authorId' | 'time'>;

interface Tally {
  purged: number;
  held: number;
  readonly holdIds: Set<string>;
}

/** Runs one when it is time by the clock: six hours after the last began, whichever copy did that. One that was killed is begun anew at once. */
export async function purgeWhenDue(models: Models, now: () => Date, { at, signal }: Pick<JobRun, 'at' | 'signal'>): Promise<void> {
  const last = await lastRetentionReport(models);
  if (!last || at.getTime() - last.startTime.getTime() >= PURGE_EVERY_MS) await runPurge(models, now, signal);
}

/** One run, with its report. `now` is the clock: what is due is decided anew for each batch. */
export async function runPurge(models: Models, now: () => Date, signal?: AbortSignal): Promise<RetentionReportDocument> {
  const _id = newId();
  const startTime = now();
  await models.retentionReports.create({ _id, startTime, purgedCount: 0, heldCount: 0, holdIds: [] });
  const tally: Tally = { purged: 0, held: 0, holdIds: new Set() };
  let last: Candidate | undefined;
  while (!signal?.aborted) {
    const batch = await candidatesAfter(models, last, earliestCut(await readPolicy(models), startTime));
    if (batch.length > 0) await purgeBatch(models, batch, now, tally);
    if (batch.length < BATCH) break;
    last = batch.at(-1);
  }
  const oldest = await oldestUnheld(models);
  const end = {
    ...(!signal?.aborted && { endTime: now() }),
    purgedCount: tally.purged,
    heldCount: tally.held,
    holdIds: [...tally.holdIds],
    ...(oldest && { oldestTime: oldest }),
  };
  return (await models.retentionReports.findOneAndUpdate({ _id }, { $set: end }, { returnDocument: 'after' }).lean())!;
}

async function purgeBatch(models: Models, batch: readonly Candidate[], now: () => Date, tally: Tally): Promise<void> {
  const { entries } = models;
  const claim = randomUUID();
  const claimed = trusted({ $in: batch.map(({ _id }) => _id) });
  await entries.updateMany({ _id: claimed, purgeTime: null }, { $set: { purgeClaim: claim } });
  crashPoint('chat.purge.claimed');
  // After the claim: a hold that is not seen here comes later, and takes the claim away before it is answered.
  const [holds, policy] = await Promise.all([activeHolds(models), readPolicy(models)]);
  const at = now();
  const due = batch.filter((entry) => dueTime(policy, entry) <= at);
  const free = due.filter((entry) => !keep(entry, holds, tally));
  const { modifiedCount } = await entries.updateMany(
    { _id: trusted({ $in: free.map(({ _id }) => _id) }), purgeClaim: claim },
    { $set: { purgeTime: at }, $unset: { content: 1, nonce: 1, grams: 1, purgeClaim: 1 } },
  );
  crashPoint('chat.purge.erased');
  tally.purged += modifiedCount;
  await entries.updateMany({ _id: claimed, purgeClaim: claim }, { $unset: { purgeClaim: 1 } });
}

function keep(entry: Candidate, holds: readonly HoldDocument[], tally: Tally): boolean {
  const keepers = holds.filter((hold) => isHeldBy(hold, entry));
  if (keepers.length > 0) tally.held += 1;
  for (const { _id } of keepers) tally.holdIds.add(_id);
  return keepers.length > 0;
}

/** What was not erased and was said before a time, the oldest first. */
function candidatesAfter({ entries }: Models, last: Candidate | undefined, before: Date): Promise<Candidate[]> {
  return entries
    .find(
      { purgeTime: null, time: trusted({ $lte: before }), ...beyond('time', '$gt', last && { time: last.time, id: last._id }) },
      CANDIDATE,
    )
    .sort({ time: 1, _id: 1 })
    .limit(BATCH)
    .lean();
}

const CANDIDATE = { roomId: 1, projectId: 1, authorId: 1, time: 1 } as const;

async function oldestUnheld(models: Models): Promise<Date | undefined> {
  const holds = await activeHolds(models);

  for (let last: Candidate | undefined; ; ) {
    const batch = await candidatesAfter(models, last, END_OF_TIME);
    const found = batch.find((entry) => !holds.some((hold) => isHeldBy(hold, entry)));
    if (found) return found.time;
    if (batch.length < BATCH) return undefined;
    last = batch.at(-1);
  }
}
