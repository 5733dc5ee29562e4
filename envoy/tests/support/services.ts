// Stand-ins for the services: real gRPC servers with the services' certificates that remember what reached them.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type Metadata, Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import type { Rpc } from '@moa/contracts/descriptors';

export interface Seen {
  readonly service: string;
  readonly path: string;
  readonly metadata: Metadata;
}

/** What a stand-in does with a call, and answers: an empty message by default. */
export type Behaviour = (seen: Seen) => Promise<Uint8Array | undefined>;

export interface StandIn {
  readonly address: string;
  close(): void;
}

const SERVING = Buffer.from([8, 1]);
const EMPTY = Buffer.alloc(0);

const read = (certificates: string, name: string) => ({
  ca: readFileSync(join(certificates, name, 'ca.pem')),
  key: readFileSync(join(certificates, name, 'key.pem')),
  cert: readFileSync(join(certificates, name, 'cert.pem')),
});

/** Serves these RPCs with a certificate of this name. */
export async function serveRpcs(
  service: string,
  rpcs: readonly Pick<Rpc, 'path'>[],
  certificates: string,
  seen: Seen[],
  behave: Behaviour = async () => {},
): Promise<StandIn> {
  const server = new Server();
  const { ca, key, cert } = read(certificates, service);
  const pass = (bytes: Buffer) => bytes;
  const register = (path: string, handle: (call: ServerUnaryCall<Buffer, Buffer>, reply: sendUnaryData<Buffer>) => void) =>
    server.register(path, handle, pass, pass, 'unary');
  register('/grpc.health.v1.Health/Check', (_, reply) => reply(null, SERVING));
  for (const { path } of rpcs) {
    register(path, ({ metadata }, reply) => {
      const call = { service, path, metadata };
      seen.push(call);
      behave(call).then(
        (answer) => reply(null, answer ? Buffer.from(answer) : EMPTY),
        (error) => reply(error),
      );
    });
  }
  const tls = ServerCredentials.createSsl(ca, [{ private_key: key, cert_chain: cert }], true);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', tls, (error, bound) => (error ? reject(error) : resolve(bound))),
  );
  return { address: `127.0.0.1:${port}`, close: () => server.forceShutdown() };
}

/** The gateway's HTTP port: keys, and what else it is asked for. */
export async function serveHttp(certificates: string, keys: object, seen: string[]): Promise<StandIn> {
  const server = createServer({ ...read(certificates, 'gateway'), requestCert: true, rejectUnauthorized: true }, (request, response) => {
    request.resume().on('end', () => {
      if (request.url === '/.well-known/jwks.json') return response.end(JSON.stringify(keys));
      if (request.url !== '/healthz') seen.push(`${request.method} ${request.url}`);
      response.end('ok');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
