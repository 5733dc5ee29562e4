// A call as something to be written.
import type { Call } from '@moa/kit';
import type { Allowance } from '../domain/allowance.js';
import type { Wish } from '../domain/decide.js';
import { NOTHING } from '../domain/entry.js';
import { fail } from '../errors.js';
import type { Writing } from './room-writer.js';

interface Wanted extends Pick<Wish, 'kind' | 'roomId' | 'target'> {
  /** Nothing unless it is said. */
  readonly content?: Wish['content'];
  /** Of a wish that may be sent again. */
  readonly requestId?: string;
}

export const writingOf = (
  { caller, at, trace, deadlineMs }: Call,
  { kind, roomId, target, content = NOTHING, requestId }: Wanted,
): Writing => ({
  kind,
  roomId,
  target,
  content,
  authorId: caller.accountId,
  isStaff: caller.roles.includes('ADMIN'),
  clientKey: requestId && `${roomId}/${caller.accountId}/${requestId}`,
  at,
  trace,
  deadlineMs,
});

/** Each sender has so much in a minute. */
export function expectAllowance(allowance: Allowance, { caller, at }: Call): void {
  const retryAfterMs = allowance.take(caller.accountId, at);
  if (retryAfterMs > 0) throw fail('SENDER_TOO_FAST', {}, { retryAfterMs });
}
