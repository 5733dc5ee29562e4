import { kitFail } from '@moa/kit';

/** For each person, in each copy of the service. */
const STREAMS_OF_ONE = 5;

export interface Readers {
  /** Notes that a person reads one stream more; gives what ends it. Throws STREAMS_TOO_MANY. */
  enter(accountId: string): () => void;
}

export function openReaders(): Readers {
  const counts = new Map<string, number>();
  return {
    enter(accountId) {
      const count = counts.get(accountId) ?? 0;
      if (count >= STREAMS_OF_ONE) throw kitFail('STREAMS_TOO_MANY', { limit: STREAMS_OF_ONE });
      counts.set(accountId, count + 1);
      return () => {
        const left = counts.get(accountId)! - 1;
        if (left > 0) counts.set(accountId, left);
        else counts.delete(accountId);
      };
    },
  };
}
