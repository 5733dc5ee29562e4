// What a sign-in or a refresh gives: an access token that anybody can verify, and a refresh token that only we can. A partner's program
// gets the first alone.
import type { Tokens } from '@moa/contracts/auth/v1/auth';
import { ACCESS_TOKEN_MS, TOKEN_AUDIENCE } from '@moa/kit';
import { SignJWT } from 'jose';
import { writeRefreshToken } from './domain/refresh-token.js';
import { rolesInToken } from './domain/roles.js';
import type { Keyring } from './keyring.js';
import type { SessionRow } from './store/sessions.js';

export interface Grant {
  readonly account: { readonly id: string; readonly roles: readonly string[] };
  readonly session: SessionRow;
  /** The random part of the session's refresh tokens. */
  readonly secret: Uint8Array;
}

/** What an access token says of its session and of what its holder may do. */
export interface Claims {
  readonly sid: string;
  readonly sv: number;
  readonly roles: readonly string[];
  readonly [claim: string]: unknown;
}

export type SignAccessToken = (subject: string, claims: Claims, at: Date) => Promise<{ accessToken: string; accessExpireTime: Date }>;

export type IssueTokens = (grant: Grant, at: Date) => Promise<Tokens>;

export function accessTokenSigner(keyring: Keyring, issuer: string): SignAccessToken {
  return async (subject, claims, at) => {
    const { kid, privateKey } = await keyring.signingKey(at);
    const accessExpireTime = new Date(at.getTime() + ACCESS_TOKEN_MS);
    const accessToken = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid })
      .setIssuer(issuer)
      .setAudience(TOKEN_AUDIENCE)
      .setSubject(subject)
      .setIssuedAt(at)
      .setExpirationTime(accessExpireTime)
      .sign(privateKey);
    return { accessToken, accessExpireTime };
  };
}

export function tokenIssuer(signAccessToken: SignAccessToken, refreshTokenKey: Buffer): IssueTokens {
  return async ({ account, session, secret }, at) => {
    const claims = {
      sid: session.id,
      sv: Number(session.version),
      roles: rolesInToken(account.roles, session.hasSecondFactor),
      auth_time: Math.floor(session.authTime.getTime() / 1000),
    };
    const refreshToken = writeRefreshToken(refreshTokenKey, { sessionId: session.id, generation: session.generation, secret });
    return { ...(await signAccessToken(account.id, claims, at)), refreshToken, refreshExpireTime: session.expireTime };
  };
}
