// Gives drafts their place in the log's hash chain: see packages/verify for what is hashed.
import { commitmentOf, entryHash, hex, ZERO } from '@moa/verify';
import type { Draft, Entry } from './entry.js';

/** What stands before the first. */
export const NO_HASH = hex(ZERO);

/** Where the next entry goes. */
export interface Place {
  readonly roomId: string;
  readonly projectId: string;
  readonly sequence: number;
  readonly time: Date;
  readonly previous: string;
}

/** `nonce`: random bytes, as many as a hash has. */
export function seal(draft: Draft, place: Place, nonce: Uint8Array): Entry {
  const commitment = commitmentOf(draft.content, nonce);
  const facts = { ...draft, ...place, room: place.roomId, author: draft.authorId };
  const hash = entryHash(facts, commitment, Buffer.from(place.previous, 'hex'));
  return { ...draft, ...place, nonce: hex(nonce), commitment: hex(commitment), hash: hex(hash), purgeTime: undefined };
}
