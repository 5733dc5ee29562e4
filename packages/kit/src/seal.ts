// Secrets at rest: AES-256-GCM, bound to what they belong to, so that a sealed value moved to another row does not open.
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import type { Secret } from './config.js';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_ID_BYTES = 4;
const KEY_BYTES = 32;

/**
 * Encrypts. `key` holds 32 bytes as base64; `context` names what the value belongs to ("seller:<id>").
 * The result is key id, nonce, tag and ciphertext in one.
 */
export function seal(key: Secret, plaintext: string, context: string): Buffer {
  const bytes = bytesOf(key);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', bytes, nonce).setAAD(Buffer.from(context));
  const body = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
  return Buffer.concat([keyId(bytes), nonce, cipher.getAuthTag(), body]);
}

/** Decrypts what `seal` made with one of the keys. Throws when it was changed, belongs to another context, or the key is not there. */
export function unseal(keys: Secret | readonly Secret[], sealed: Uint8Array, context: string): string {
  const bytes = Buffer.from(sealed);
  const key = [keys]
    .flat()
    .map(bytesOf)
    .find((candidate) => keyId(candidate).equals(bytes.subarray(0, KEY_ID_BYTES)));
  if (!key) throw new Error('sealed with a key that is not configured');
  const nonce = bytes.subarray(KEY_ID_BYTES, KEY_ID_BYTES + NONCE_BYTES);
  const tag = bytes.subarray(KEY_ID_BYTES + NONCE_BYTES, KEY_ID_BYTES + NONCE_BYTES + TAG_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(context)).setAuthTag(tag);
  return decipher.update(bytes.subarray(KEY_ID_BYTES + NONCE_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
}

function bytesOf(key: Secret): Buffer {
  const bytes = Buffer.from(key.reveal(), 'base64');
  if (bytes.length !== KEY_BYTES) throw new Error('a sealing key must be 32 bytes in base64');
  return bytes;
}

// Says which key sealed a value, and nothing about the key.
const keyId = (key: Buffer): Buffer => createHash('sha256').update('moa key id').update(key).digest().subarray(0, KEY_ID_BYTES);
