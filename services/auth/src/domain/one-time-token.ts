// Tokens that are handed out to be brought back once, soon. Only their hash is kept: they are random, so a plain one is enough.
import { createHash } from 'node:crypto';

export const ONE_TIME_TOKEN_BYTES = 32;

export const writeOneTimeToken = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');

export const oneTimeHashOf = (token: string): Uint8Array<ArrayBuffer> => new Uint8Array(createHash('sha256').update(token).digest());
