// The run's own journal: what each person was told, to be compared with what there is at the end.
import { MoaError } from '@moa/client/node';

/** What a pledge may be, as far as its backer knows: more than one thing only when an answer never came. */
export interface Word {
  readonly totals: Set<bigint>;
  readonly canceled: Set<boolean>;
  /** What was given back. */
  readonly refunded: Set<bigint>;
}

export interface Journal {
  readonly words: ReadonlyMap<string, Word>;
  /** Does something, and gives its answer; nothing when it was refused, or when no answer came at all. */
  ask<T>(work: () => Promise<T>): Promise<{ answer: T } | 'refused' | 'unanswered'>;
  pledged(id: string, total: bigint): void;
  /** What was told of a pledge; without an answer it may be so, or as before. */
  told<K extends keyof Word>(
    id: string,
    what: K,
    value: Word[K] extends Set<infer V> ? V : never,
    outcome: 'answered' | 'unanswered',
  ): void;
  /** Says that the house is at work by itself, until the promise ends. */
  atWork<T>(work: Promise<T>): Promise<T>;
  /** Calls that wait for their answer. */
  underWay(): number;
  isAtWork(): boolean;
  committed(): number;
  refused(): number;
  unanswered(): number;
}

// Facts about the request, which hold however often it is asked again: INVALID_ARGUMENT, NOT_FOUND, FAILED_PRECONDITION.
const REFUSALS: ReadonlySet<number> = new Set([3, 5, 9]);

export function openJournal(): Journal {
  const words = new Map<string, Word>();
  const counts = { underWay: 0, atWork: 0, committed: 0, refused: 0, unanswered: 0 };
  return {
    words,
    async ask(work) {
      counts.underWay++;
      try {
        const answer = await work();
        counts.committed++;
        return { answer };
      } catch (error) {
        if (!(error instanceof MoaError)) throw error;
        const outcome = REFUSALS.has(error.code) ? 'refused' : 'unanswered';
        counts[outcome]++;
        return outcome;
      } finally {
        counts.underWay--;
      }
    },
    pledged: (id, total) => void words.set(id, { totals: new Set([total]), canceled: new Set([false]), refunded: new Set([0n]) }),
    told(id, what, value, outcome) {
      const known = words.get(id)![what] as Set<unknown>;
      if (outcome === 'answered') known.clear();
      known.add(value);
    },
    async atWork(work) {
      counts.atWork++;
      try {
        return await work;
      } finally {
        counts.atWork--;
      }
    },
    underWay: () => counts.underWay,
    isAtWork: () => counts.atWork > 0,
    committed: () => counts.committed,
    refused: () => counts.refused,
    unanswered: () => counts.unanswered,
  };
}
