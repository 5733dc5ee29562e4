// Tokens as auth makes them, signed by a key of the test's own, and an auth that says of them what the test wants.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Metadata, Server, ServerCredentials } from '@grpc/grpc-js';
import { AccountServiceDefinition } from '@moa/contracts/auth/v1/account_service';
import { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import { type MethodDefinition, pathOf, type RequestOf, type ResponseOf, type ServiceDefinition } from '@moa/contracts/method';
import { ACCESS_TOKEN_MS, type RevokedSession } from '@moa/kit';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

export const ISSUER = 'https://moa.test';
const KEY_ID = 'test';

/** What a token says besides whom it is for. */
export interface TokenFacts {
  /** "USER" by default. */
  readonly roles?: readonly string[];
  /** When it was made: by default now, by the bed's clock. */
  readonly at?: Date;
  /** The account's id by default. */
  readonly sessionId?: string;
  /** A partner's scopes, with spaces between. */
  readonly scope?: string;
}

export interface TokenMaker {
  /** Where keys, revoked sessions and live ones are told. */
  readonly address: string;
  token(accountId: string, facts?: TokenFacts): Promise<string>;
  /** Makes every token of a session stale that was made so far. Services hear of it within seconds. */
  revoke(sessionId: string): void;
  /** What is said of every session from now on: when its person last signed in; null when it has ended. */
  sayAuthTime(time: Date | null): void;
  close(): void;
}

export async function openTokenMaker(certificates: string, now: () => Date): Promise<TokenMaker> {
  const { privateKey, publicKey } = await generateKeyPair('EdDSA');
  const { kty = '', crv = '', x = '' } = await exportJWK(publicKey);
  const revoked: RevokedSession[] = [];
  let authTime: Date | null | undefined;

  const server = new Server();
  answer(server, AuthServiceDefinition, 'getJwks', () => ({ keys: [{ kid: KEY_ID, kty, crv, x, alg: 'EdDSA' }] }));
  answer(server, AccountServiceDefinition, 'listRevokedSessions', ({ sinceTime }) => ({
    sessions: revoked
      .filter(({ revokeTime }) => revokeTime >= sinceTime!)
      .map((session) => ({ ...session, version: BigInt(session.version) })),
    nextPageToken: '',
  }));
  answer(server, AccountServiceDefinition, 'getSession', () => ({ authTime: authTime === undefined ? now() : (authTime ?? undefined) }));
  const read = (name: string) => readFileSync(join(certificates, 'auth', name));
  const tls = ServerCredentials.createSsl(read('ca.pem'), [{ private_key: read('key.pem'), cert_chain: read('cert.pem') }], true);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', tls, (error, bound) => (error ? reject(error) : resolve(bound))),
  );

  const versionOf = (sessionId: string) => revoked.filter((session) => session.sessionId === sessionId).length + 1;
  return {
    address: `127.0.0.1:${port}`,
    token: (accountId, { roles = ['USER'], at = now(), sessionId = accountId, scope } = {}) =>
      new SignJWT({ roles, sid: sessionId, sv: versionOf(sessionId), ...(scope !== undefined && { scope }) })
        .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: KEY_ID })
        .setSubject(accountId)
        .setIssuer(ISSUER)
        .setAudience('moa')
        .setIssuedAt(at)
        .setExpirationTime(new Date(at.getTime() + ACCESS_TOKEN_MS))
        .sign(privateKey),
    revoke: (sessionId) => void revoked.push({ sessionId, version: versionOf(sessionId) + 1, revokeTime: now() }),
    sayAuthTime(time) {
      authTime = time;
    },
    close: () => server.forceShutdown(),
  };
}

// Plain grpc-js: whoever asks is answered, whatever the contract says of callers.
function answer<S extends ServiceDefinition, M extends keyof S['methods'] & string>(
  server: Server,
  service: S,
  name: M,
  say: (request: RequestOf<S['methods'][M]>) => ResponseOf<S['methods'][M]>,
): void {
  const method = service.methods[name] as MethodDefinition;
  const definition = {
    path: pathOf(service, method),
    requestStream: false as const,
    responseStream: false as const,
    requestSerialize: (request: unknown) => Buffer.from(method.requestType.encode(request).finish()),
    requestDeserialize: (bytes: Buffer) => method.requestType.decode(bytes),
    responseSerialize: (response: unknown) => Buffer.from(method.responseType.encode(response).finish()),
    responseDeserialize: (bytes: Buffer) => method.responseType.decode(bytes),
  };
  server.addService(
    { [name]: definition },
    {
      [name]: ({ request }: { request: RequestOf<S['methods'][M]> }, reply: (error: null, response: unknown) => void) =>
        reply(null, say(request)),
    },
  );
}

export function bearer(token: string): Metadata {
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  return metadata;
}
