import { randomBytes } from 'node:crypto';
import { ONE_TIME_TOKEN_BYTES, writeOneTimeToken } from './domain/one-time-token.js';

/** A token to hand out: only its hash is kept. */
export const newOneTimeToken = (): string => writeOneTimeToken(randomBytes(ONE_TIME_TOKEN_BYTES));
