// Secrets of partners' programs: 256 random bits, so that nobody guesses one and a plain hash is enough to keep it by. The prefix tells
// a secret scanner what it has found.
import { createHash, timingSafeEqual } from 'node:crypto';

export const PARTNER_SECRET_BYTES = 32;

const PREFIX = 'moa_';

export const writePartnerSecret = (random: Uint8Array): string => `${PREFIX}${Buffer.from(random).toString('base64url')}`;

/** What is stored of a secret. */
export const partnerSecretHashOf = (secret: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(createHash('sha256').update(secret).digest());

/** Takes as long wherever they differ. */
export const isSameHash = (one: Uint8Array, other: Uint8Array): boolean => timingSafeEqual(one, other);
