// The archive: what its author took back is found as it was said, is held, and outlives the purge of all the rest.
import type { ArchivedEntry, RetentionReport } from '@moa/contracts/chat/v1/archive';
import { Entry_Kind } from '@moa/contracts/chat/v1/chat';
import { Role } from '@moa/contracts/options/v1/options';
import type { Person } from '../people.js';
import { DAY_MS } from '../stack.js';
import type { Stage } from '../stage.js';
import type { LiveProject } from './projects.js';
import type { Said } from './talk.js';

/** Never less than six months: nothing goes before. */
const LEAST_DAYS = 184;
/** What talk is kept for unless somebody says otherwise. */
const USUAL_DAYS = 1_095;
const A_MINUTE_MS = 60_000;
const PART_CHARACTERS = 8;
const AROUND = 2;

/** Whoever opens the archive says why. */
export interface Officer extends Person {
  readonly cause: { readonly caseId: string; readonly purpose: string };
}

/** An address that was verified, an authenticator app, and the role from an admin. */
export async function appointOfficer(stage: Stage, admin: Person, name: string): Promise<Officer> {
  const person = await stage.signUp(name);
  const { auth } = person.moa;
  let token = '';
  await stage.until('an officer has mail', async () => {
    token = await stage.mailedToken(person.email);
    return token !== '';
  });
  await auth.verifyEmail({ token });
  const { secret } = await auth.enrollTotp({});
  await auth.confirmTotp({ code: stage.appCode(secret) });
  person.useApp(() => stage.appCode(secret));
  await admin.moa.accountAdmin.grantRole({ accountId: person.accountId, role: Role.ROLE_COMPLIANCE });
  await person.moa.renewTokens();
  return Object.assign(person, { cause: { caseId: `DEMO-${stage.runId}`, purpose: '개인정보 노출 신고 확인' } });
}

export interface Found {
  readonly message: ArchivedEntry;
  /** What its author did then. */
  readonly deletion: ArchivedEntry;
}

/** Looks for a part of it among what was deleted. */
export async function findTakenBack({ moa, cause }: Officer, { roomId, sequence, text }: Said): Promise<Found> {
  const query = { text: text.slice(-PART_CHARACTERS), roomId, deleted: true };
  const { entries } = await moa.archive.searchMessages({ cause, query });
  const context = await moa.archive.getMessageContext({ cause, roomId, sequence, count: AROUND });
  const message = entries.find((entry) => entry.sequence === sequence);
  const deletion = context.entries.find(({ kind, target }) => kind === Entry_Kind.KIND_DELETE && target === sequence);
  if (message?.content?.text !== text || !deletion) throw new Error('what was taken back is not in the archive as it was said');
  return { message, deletion };
}

/** What is to become of the talk of this run. */
export interface Keeping {
  readonly hold: { readonly roomId: string; readonly authorId: string };
  /** Projects whose talk goes after half a year. */
  readonly shortLived: ReadonlySet<string>;
}

/** A hold on all that the author said in that room; and talk is to be kept for half a year only, but for one project. */
export async function decideWhatStays(
  stage: Stage,
  { moa, cause }: Officer,
  { roomId, authorId }: Said,
  projects: readonly LiveProject[],
): Promise<Keeping> {
  await moa.archive.createHold({ cause, roomId, authorId });
  const ids = projects.map(({ id }) => id);
  const own = ids.map((projectId, nth) => ({ projectId, days: nth === ids.length - 1 ? USUAL_DAYS : LEAST_DAYS }));
  // The policy is everybody's: what somebody changed meanwhile is read again.
  await stage.whileRefused('POLICY_CHANGED', async () => {
    const { days, projects: before, etag } = (await moa.archive.getRetentionPolicy({ cause })).policy!;
    await moa.archive.updateRetentionPolicy({ cause, days, projects: [...before, ...own], etag });
  });
  return { hold: { roomId, authorId }, shortLived: new Set(ids.slice(0, -1)) };
}

/** Half a year passes, and the purge comes by itself. Its report. */
export async function passHalfAYear(stage: Stage, officers: readonly Officer[]): Promise<RetentionReport> {
  await stage.passTimeTo(new Date(stage.now().getTime() + LEAST_DAYS * DAY_MS + A_MINUTE_MS));
  const later = stage.now();
  // They have been away for longer than a session lasts.
  await Promise.all(officers.map((officer) => officer.signIn()));
  const reports = stage.documents('chat').collection('retention_reports');
  const ended = { startTime: { $gte: later }, endTime: { $exists: true } };
  await stage.until('a purge has come to its end', async () => (await reports.countDocuments(ended)) > 0);
  await stage.untilQuiet();
  const { moa, cause } = officers[0]!;
  return (await moa.archive.listRetentionReports({ cause, pageSize: 1 })).reports[0]!;
}

export interface Verified {
  readonly rooms: number;
  readonly entries: bigint;
  readonly purged: bigint;
  /** What is wrong, and where. */
  readonly faults: readonly string[];
}

/** Has the archive read the whole log of each room. */
export async function verifyRooms({ moa, cause }: Officer, roomIds: readonly string[]): Promise<Verified> {
  const verified = { rooms: roomIds.length, entries: 0n, purged: 0n, faults: [] as string[] };
  for (const roomId of roomIds) {
    for await (const { faults, done, intact, entryCount, purgedCount } of moa.archive.verifyRoom({ cause, roomId })) {
      verified.faults.push(...faults.map(({ sequence, detail }) => `${roomId}, ${sequence}: ${detail}`));
      if (!done) continue;
      if (!intact && faults.length === 0) verified.faults.push(`${roomId} is not intact`);
      verified.entries += entryCount;
      verified.purged += purgedCount;
    }
  }
  return verified;
}
