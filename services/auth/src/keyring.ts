// The signing keys, opened: read from the database from time to time, so that every copy follows a rotation.
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { type Clock, type Database, type Origin, type Secret, seal, unseal } from '@moa/kit';
import { calculateJwkThumbprint, createLocalJWKSet, type JWTVerifyGetKey } from 'jose';
import { keyToProto } from './convert.js';
import { publishedKeysAt, signingKeyAt } from './domain/signing-key.js';
import type { PrismaClient } from './generated/client.js';
import {
  addFirstSigningKey,
  type NewSigningKey,
  type PublicSigningKey,
  readSigningKeys,
  rotateOldSigningKey,
} from './store/signing-keys.js';

// Far below the delay after which a new key signs.
const REREAD_MS = 30_000;

export interface SigningKey extends PublicSigningKey {
  readonly privateKey: KeyObject;
  readonly signTime: Date;
}

export interface Keyring {
  signingKey(at: Date): Promise<SigningKey>;
  publishedKeys(at: Date): Promise<PublicSigningKey[]>;
  /** Makes a key pair; it is nowhere yet. */
  newKey(): Promise<NewSigningKey>;
  /** Adds the next key once the newest is older than `maxAgeMs`: one for all copies that ask. */
  rotateOld(origin: Origin, maxAgeMs: number): Promise<void>;
  /** After a change: the next question reads the database. */
  forget(): void;
}

/** Opens the keyring, and makes the first key if there is none. */
export async function openKeyring(db: Database<PrismaClient>, sealingKey: Secret, origin: Origin): Promise<Keyring> {
  let keys: SigningKey[] = [];
  let readAtMs = Number.NEGATIVE_INFINITY;

  async function current(): Promise<readonly SigningKey[]> {
    if (performance.now() - readAtMs > REREAD_MS) {
      keys = (await readSigningKeys(db)).map(({ kid, publicKey, sealedPrivateKey, signTime }) => {
        const jwk = { kty: 'OKP', crv: 'Ed25519', x: publicKey, d: unseal(sealingKey, sealedPrivateKey, contextOf(kid)) };
        return { kid, publicKey, signTime, privateKey: createPrivateKey({ format: 'jwk', key: jwk }) };
      });
      readAtMs = performance.now();
    }
    return keys;
  }

  const keyring: Keyring = {
    signingKey: async (at) => signingKeyAt(await current(), at)!,
    publishedKeys: async (at) => publishedKeysAt(await current(), at),
    async newKey() {
      const { x, d } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
      const kid = await calculateJwkThumbprint({ kty: 'OKP', crv: 'Ed25519', x: x! });
      return { kid, publicKey: x!, sealedPrivateKey: seal(sealingKey, d!, contextOf(kid)) };
    },
    async rotateOld(run, maxAgeMs) {
      if (await rotateOldSigningKey(db, run, await keyring.newKey(), maxAgeMs)) keyring.forget();
    },
    forget() {
      readAtMs = Number.NEGATIVE_INFINITY;
    },
  };

  if ((await current()).length === 0) {
    await addFirstSigningKey(db, origin, await keyring.newKey());
    keyring.forget();
  }
  return keyring;
}

/** The published keys, for the tokens that this service is called with. */
export const verificationKeys =
  (keyring: Keyring, clock: Clock): JWTVerifyGetKey =>
  async (header, token) => {
    const keys = (await keyring.publishedKeys(clock.now())).map(keyToProto);
    return createLocalJWKSet({ keys: keys.map((key) => ({ ...key })) })(header, token);
  };

const contextOf = (kid: string) => `signing-key:${kid}`;
