// What needs a second person.
import { fail } from '../errors.js';

const DAY_MS = 86_400_000;
const GOOD_FOR_DAYS = 7;

/** A wish waits for so long, and an approval is good for so long. */
export const expiryFrom = (at: Date): Date => new Date(at.getTime() + GOOD_FOR_DAYS * DAY_MS);

interface Wish {
  readonly kind: 'EXPORT' | 'RELEASE_HOLD';
  readonly state: 'WAITING' | 'APPROVED' | 'REJECTED';
  readonly requesterId: string;
  readonly expireTime: Date;
}

/** Nobody decides on a wish of their own. */
export function expectDecidable({ state, requesterId, expireTime }: Wish, deciderId: string, at: Date): void {
  if (requesterId === deciderId) throw fail('SECOND_PERSON_NEEDED');
  if (state !== 'WAITING') throw fail('APPROVAL_DECIDED', { state });
  if (expireTime <= at) throw fail('APPROVAL_EXPIRED');
}

/** Only who asked for an export fetches it, while the approval is good. */
export function expectExport({ kind, state, requesterId, expireTime }: Wish, accountId: string, at: Date): void {
  if (kind !== 'EXPORT' || requesterId !== accountId) throw fail('APPROVAL_NOT_FOUND');
  if (state !== 'APPROVED') throw fail('EXPORT_NOT_APPROVED', { state });
  if (expireTime <= at) throw fail('APPROVAL_EXPIRED');
}
