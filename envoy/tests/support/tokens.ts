import { exportJWK, generateKeyPair, type JWTHeaderParameters, SignJWT } from 'jose';

export const ISSUER = 'https://moa.test';

const KEY_ID = 'edge';
const LIFETIME_S = 600;

export interface TokenWish {
  readonly sub?: string;
  readonly roles?: readonly string[];
  readonly issuer?: string;
  readonly audience?: string;
  readonly expiresInS?: number;
  readonly header?: Partial<JWTHeaderParameters>;
  readonly claims?: Record<string, unknown>;
}

/** A signer of tokens like auth's, and the keys as they are published. */
export async function openSigner() {
  const { privateKey, publicKey } = await generateKeyPair('EdDSA');
  const key = { ...(await exportJWK(publicKey)), kid: KEY_ID, alg: 'EdDSA', use: 'sig' };
  return {
    jwks: { keys: [key] },
    /** `expiresInS: NaN` gives a token without an end. */
    sign: ({
      sub = 'somebody',
      roles = ['USER'],
      issuer = ISSUER,
      audience = 'moa',
      expiresInS = LIFETIME_S,
      header,
      claims,
    }: TokenWish = {}) => {
      const token = new SignJWT({ roles, sid: 'session', ...claims })
        .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: KEY_ID, ...header })
        .setSubject(sub)
        .setIssuer(issuer)
        .setAudience(audience)
        .setIssuedAt();
      if (!Number.isNaN(expiresInS)) token.setExpirationTime(Math.floor(Date.now() / 1000) + expiresInS);
      return token.sign(privateKey);
    },
  };
}
