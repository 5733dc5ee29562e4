// What events have said of a project. Each kind of event says a part of its own, once or in versions: whatever their order, all of them
// together give the same copy.

/** What a project is after its close. */
export type Outcome = 'CHARGING' | 'FAILED' | 'CANCELED';
export type Phase = 'LIVE' | 'CHARGING' | 'SUCCEEDED' | 'FAILED' | 'CANCELED';

interface Published {
  readonly title: string;
  readonly currency: string;
  readonly goalMinor: bigint;
  readonly closeTime: Date;
  readonly publishVersion: bigint;
}

interface Closed {
  readonly outcome: Outcome;
  readonly raisedMinor: bigint;
  readonly pledgeCount: number;
  readonly closedTime: Date;
  readonly closeVersion: bigint;
}

interface Settled {
  readonly settleTime: Date;
  readonly settleVersion: bigint;
}

type Unheard<T> = { readonly [K in keyof T]: T[K] | null };

export interface ProjectCopy extends Unheard<Published>, Unheard<Closed>, Unheard<Settled> {
  readonly id: string;
  readonly sellerId: string;
  /** Null until it is heard that it has opened: what is canceled before never was a funding. */
  readonly phase: Phase | null;
  /** Null while it runs. */
  readonly endTime: Date | null;
}

export const hearPublished = (copy: ProjectCopy, said: Published): ProjectCopy =>
  isNewer(said.publishVersion, copy.publishVersion) ? concluded({ ...copy, ...said }) : copy;

export const hearClosed = (copy: ProjectCopy, said: Closed): ProjectCopy =>
  isNewer(said.closeVersion, copy.closeVersion) ? concluded({ ...copy, ...said }) : copy;

export const hearSettled = (copy: ProjectCopy, said: Settled): ProjectCopy =>
  isNewer(said.settleVersion, copy.settleVersion) ? concluded({ ...copy, ...said }) : copy;

const isNewer = (said: bigint, held: bigint | null) => held === null || said > held;

function concluded(copy: ProjectCopy): ProjectCopy {
  const { title, outcome, closedTime, settleTime } = copy;
  if (title === null) return { ...copy, phase: null, endTime: null };
  if (outcome === 'FAILED' || outcome === 'CANCELED') return { ...copy, phase: outcome, endTime: closedTime };
  if (settleTime) return { ...copy, phase: 'SUCCEEDED', endTime: settleTime };
  return { ...copy, phase: outcome ?? 'LIVE', endTime: null };
}

/** Of the goal, rounded down; more than its field can hold is as good as the most. */
export const percentOf = (raisedMinor: bigint, goalMinor: bigint): number =>
  Math.min(Number((raisedMinor * 100n) / goalMinor), MAX_PERCENT);

const MAX_PERCENT = 2 ** 32 - 1;
