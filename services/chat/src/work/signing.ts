// The keys that sign checkpoints and exports.
import type { KeyObject } from 'node:crypto';
import { keyIdOf, publicKeyFrom, type Signer, signerFrom } from '@moa/verify';
import type { ChatConfig } from '../config.js';

export interface Signing {
  readonly signer: Signer;
  /** By their ids, those of before too. The one that signs now first. */
  readonly keys: ReadonlyMap<string, KeyObject>;
}

const PEM = /-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g;

export function openSigning({ ARCHIVE_KEY, ARCHIVE_OLD_KEYS }: Pick<ChatConfig, 'ARCHIVE_KEY' | 'ARCHIVE_OLD_KEYS'>): Signing {
  const signer = signerFrom(Buffer.from(ARCHIVE_KEY.reveal(), 'base64'));
  const old = (ARCHIVE_OLD_KEYS.match(PEM) ?? []).map(publicKeyFrom);
  return { signer, keys: new Map([signer.publicKey, ...old].map((key) => [keyIdOf(key), key])) };
}
