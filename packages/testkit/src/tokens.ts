// Tokens as auth makes them, signed by a key of the test's own, which a GetJwks of its own serves as auth would.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Metadata, Server, ServerCredentials } from '@grpc/grpc-js';
import { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import { pathOf } from '@moa/contracts/method';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

export const ISSUER = 'https://moa.test';
const KEY_ID = 'test';

export interface TokenMaker {
  /** Where GetJwks answers. */
  readonly address: string;
  token(accountId: string, roles: readonly string[], at: Date): Promise<string>;
  close(): void;
}

export async function openTokenMaker(certificates: string): Promise<TokenMaker> {
  const { privateKey, publicKey } = await generateKeyPair('EdDSA');
  const { kty = '', crv = '', x = '' } = await exportJWK(publicKey);
  const { server, address } = await serveKeys({ kid: KEY_ID, kty, crv, x, alg: 'EdDSA' }, certificates);
  return {
    address,
    token: (accountId, roles, at) =>
      new SignJWT({ roles, sid: accountId })
        .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: KEY_ID })
        .setSubject(accountId)
        .setIssuer(ISSUER)
        .setAudience('moa')
        .setIssuedAt(at)
        .setExpirationTime(new Date(at.getTime() + 600_000))
        .sign(privateKey),
    close: () => server.forceShutdown(),
  };
}

async function serveKeys(key: { kid: string; kty: string; crv: string; x: string; alg: string }, certificates: string) {
  const method = AuthServiceDefinition.methods.getJwks;
  const answer = Buffer.from(method.responseType.encode({ keys: [key] }).finish());
  const server = new Server();
  const definition = {
    path: pathOf(AuthServiceDefinition, method),
    requestStream: false as const,
    responseStream: false as const,
    requestSerialize: (bytes: Buffer) => bytes,
    requestDeserialize: (bytes: Buffer) => bytes,
    responseSerialize: (bytes: Buffer) => bytes,
    responseDeserialize: (bytes: Buffer) => bytes,
  };
  server.addService(
    { getJwks: definition },
    { getJwks: (_: unknown, reply: (error: null, answer: Buffer) => void) => reply(null, answer) },
  );
  const read = (name: string) => readFileSync(join(certificates, 'auth', name));
  const tls = ServerCredentials.createSsl(read('ca.pem'), [{ private_key: read('key.pem'), cert_chain: read('cert.pem') }], true);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', tls, (error, bound) => (error ? reject(error) : resolve(bound))),
  );
  return { server, address: `127.0.0.1:${port}` };
}

export function bearer(token: string): Metadata {
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  return metadata;
}
