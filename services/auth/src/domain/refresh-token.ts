// Refresh tokens: session, generation, the family's random part, and a MAC over the three. A token is nowhere stored: whoever holds the
// last one and the key can make the next again, which is what the grace needs; the database alone (it holds a hash of the random part)
// makes none, and the key alone makes none.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

export const GRACE_MS = 10_000;
export const SLIDING_MS = 14 * 86_400_000;
export const LAST_MS = 30 * 86_400_000;
export const SECRET_BYTES = 16;

const SESSION_BYTES = 16;
const GENERATION_BYTES = 4;
const MAC_BYTES = 32;
const BODY_BYTES = SESSION_BYTES + GENERATION_BYTES + SECRET_BYTES;

export interface RefreshToken {
  readonly sessionId: string;
  readonly generation: number;
  /** Random, and the same in all tokens of a session. */
  readonly secret: Uint8Array;
}

export function writeRefreshToken(key: Buffer, { sessionId, generation, secret }: RefreshToken): string {
  const generationBytes = Buffer.alloc(GENERATION_BYTES);
  generationBytes.writeUInt32BE(generation);
  const body = Buffer.concat([Buffer.from(sessionId.replaceAll('-', ''), 'hex'), generationBytes, secret]);
  return Buffer.concat([body, macOf(key, body)]).toString('base64url');
}

/** Undefined for what was never one of our tokens: it costs no question to the database. */
export function readRefreshToken(key: Buffer, text: string): RefreshToken | undefined {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length !== BODY_BYTES + MAC_BYTES) return undefined;
  const body = bytes.subarray(0, BODY_BYTES);
  if (!timingSafeEqual(macOf(key, body), bytes.subarray(BODY_BYTES))) return undefined;
  const hex = body.toString('hex', 0, SESSION_BYTES);
  return {
    sessionId: hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
    generation: body.readUInt32BE(SESSION_BYTES),
    secret: body.subarray(SESSION_BYTES + GENERATION_BYTES),
  };
}

/** What is stored of a family. */
export const secretHashOf = (secret: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(createHash('sha256').update(secret).digest());

const macOf = (key: Buffer, body: Uint8Array): Buffer => createHmac('sha256', key).update('moa refresh token').update(body).digest();
