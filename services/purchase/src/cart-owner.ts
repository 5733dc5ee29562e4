import type { Caller } from '@moa/kit';
import type { CartOwner } from './carts.js';

/** A guest's, if a token says so; otherwise that of who has signed in. Undefined: of neither. */
export const ownerOf = (guestToken: string, person: Caller | undefined): CartOwner | undefined =>
  guestToken ? { guestToken } : person && { accountId: person.accountId };
