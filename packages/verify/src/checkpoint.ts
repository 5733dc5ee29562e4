// What a room's log was at a time, signed: whoever keeps one elsewhere sees later whether the log of then is still the beginning of that of now.
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { canonical, type Json } from './canonical.js';
import { checkpointHash, hashFrom, hex } from './hashes.js';

export interface Checkpoint {
  readonly room: string;
  /** How many entries it covers. */
  readonly size: number;
  /** Of the tree over their hashes. */
  readonly root: Buffer;
  /** The hash of the last entry. */
  readonly head: Buffer;
  readonly time: Date;
  /** The hash of the room's checkpoint before: see checkpointHash. */
  readonly previous: Buffer;
  readonly keyId: string;
}

export interface SignedCheckpoint extends Checkpoint {
  /** Ed25519 over the canonical form. */
  readonly signature: Buffer;
}

/** Signs with an Ed25519 key. */
export interface Signer {
  readonly keyId: string;
  readonly publicKey: KeyObject;
  sign(text: string): Buffer;
}

/** A signer from an Ed25519 key in PEM (PKCS 8), or from its 32 secret bytes. */
export function signerFrom(key: string | Uint8Array): Signer {
  const secret = typeof key === 'string' ? createPrivateKey(key) : createPrivateKey({ key: pkcs8Of(key), format: 'der', type: 'pkcs8' });
  if (secret.asymmetricKeyType !== 'ed25519') throw new TypeError('an Ed25519 key is needed');
  const publicKey = createPublicKey(secret);
  return { keyId: keyIdOf(publicKey), publicKey, sign: (text) => sign(null, Buffer.from(text), secret) };
}

// RFC 8410: what stands before the 32 bytes.
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');
const pkcs8Of = (bytes: Uint8Array): Buffer => {
  if (bytes.length !== 32) throw new TypeError('an Ed25519 key has 32 bytes');
  return Buffer.concat([PKCS8_HEAD, bytes]);
};

/** The SHA-256 of the raw public key, in hexadecimal: what people compare. */
export function fingerprintOf(publicKey: KeyObject): string {
  const { x } = publicKey.export({ format: 'jwk' });
  return createHash('sha256').update(Buffer.from(x!, 'base64url')).digest('hex');
}

const KEY_ID_DIGITS = 16;

/** The first 16 digits of its fingerprint. */
export const keyIdOf = (publicKey: KeyObject): string => fingerprintOf(publicKey).slice(0, KEY_ID_DIGITS);

/** A public key from PEM or from a JWK in JSON. Throws for what is no Ed25519 key. */
export function publicKeyFrom(text: string): KeyObject {
  const key = text.trimStart().startsWith('{') ? createPublicKey({ key: JSON.parse(text), format: 'jwk' }) : createPublicKey(text);
  if (key.asymmetricKeyType !== 'ed25519') throw new TypeError('an Ed25519 key is needed');
  return key;
}

export const pemOf = (publicKey: KeyObject): string => publicKey.export({ format: 'pem', type: 'spki' }).toString();

export const isSignedBy = (publicKey: KeyObject, text: string, signature: Uint8Array): boolean =>
  verify(null, Buffer.from(text), publicKey, signature);

/** What is signed. */
export const checkpointForm = ({ room, size, root, head, time, previous, keyId }: Checkpoint): string =>
  canonical({ room, size, root: hex(root), head: hex(head), time: time.toISOString(), previous: hex(previous), key: keyId });

export function signCheckpoint(facts: Omit<Checkpoint, 'keyId'>, signer: Signer): SignedCheckpoint {
  const checkpoint = { ...facts, keyId: signer.keyId };
  return { ...checkpoint, signature: signer.sign(checkpointForm(checkpoint)) };
}

/** What the next checkpoint of the room names as `previous`. */
export const hashOfCheckpoint = (checkpoint: Checkpoint): Buffer => checkpointHash(checkpointForm(checkpoint));

/** As it stands in a manifest or in a file of its own. */
export const checkpointJson = (checkpoint: SignedCheckpoint): Json => ({
  ...(JSON.parse(checkpointForm(checkpoint)) as { readonly [name: string]: Json }),
  signature: checkpoint.signature.toString('base64'),
});

/** Reads what checkpointJson wrote. Throws a TypeError for anything else. */
export function checkpointFrom(json: unknown): SignedCheckpoint {
  const { room, size, root, head, time, previous, key, signature } = (json ?? {}) as Record<string, unknown>;
  const isRight = typeof room === 'string' && Number.isSafeInteger(size) && typeof time === 'string' && typeof key === 'string';
  if (!isRight || typeof signature !== 'string' || Number.isNaN(Date.parse(time))) throw new TypeError('not a checkpoint');
  return {
    room,
    size: size as number,
    root: hashFrom(root),
    head: hashFrom(head),
    time: new Date(time),
    previous: hashFrom(previous),
    keyId: key,
    signature: Buffer.from(signature, 'base64'),
  };
}
