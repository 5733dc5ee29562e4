// Which key signs, and which are published, follows from the times alone: no state to change, and nothing that two copies could see
// differently.

/** From the making of a key until it signs: every verifier has fetched it by then (Envoy and the kit ask every 5 minutes). */
export const SIGN_DELAY_MS = 10 * 60_000;
/** How long a key is published after another took over: far longer than any token lives. */
export const OVERLAP_MS = 86_400_000;

interface KeyTimes {
  readonly kid: string;
  readonly signTime: Date;
}

/** The key that signs: the newest whose time has come. Before any (a clock set back), the oldest. */
export function signingKeyAt<K extends KeyTimes>(keys: readonly K[], at: Date): K | undefined {
  const sorted = inOrder(keys);
  return sorted.findLast(({ signTime }) => signTime <= at) ?? sorted[0];
}

/** The keys that tokens may be verified with: those to come, the one that signs, and those that another took over from within a day. */
export function publishedKeysAt<K extends KeyTimes>(keys: readonly K[], at: Date): K[] {
  const sorted = inOrder(keys);
  return sorted.filter((_, index) => {
    const successor = sorted[index + 1];
    return !successor || successor.signTime.getTime() + OVERLAP_MS > at.getTime();
  });
}

const inOrder = <K extends KeyTimes>(keys: readonly K[]): K[] =>
  [...keys].sort((a, b) => a.signTime.getTime() - b.signTime.getTime() || (a.kid < b.kid ? -1 : 1));
