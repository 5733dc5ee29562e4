// A client for tests: plain grpc-js, so that errors are seen as they came, and any metadata can be sent.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { pathOf, type RequestOf, type ResponseOf, type ServiceDefinition } from '@moa/contracts/method';

const DEADLINE_MS = 10_000;

/** Each RPC as an async function that rejects with grpc-js's ServiceError. */
export type Connected<S extends ServiceDefinition> = {
  readonly [M in keyof S['methods']]: (request: RequestOf<S['methods'][M]>, metadata?: Metadata) => Promise<ResponseOf<S['methods'][M]>>;
} & { close(): void };

/** Connects over mutual TLS with the certificate in a folder; without one, with the authority's certificate only. */
export function connectAs<S extends ServiceDefinition>(
  service: S,
  address: string,
  certificates: string,
  showCertificate = true,
): Connected<S> {
  const read = (name: string) => readFileSync(join(certificates, name));
  const tls = showCertificate
    ? credentials.createSsl(read('ca.pem'), read('key.pem'), read('cert.pem'))
    : credentials.createSsl(read('ca.pem'));
  // Every certificate of the house is good for localhost, too.
  const client = new Client(address, tls, { 'grpc.ssl_target_name_override': 'localhost' });
  const methods = Object.entries(service.methods).map(([name, method]) => {
    const call = (request: unknown, metadata = new Metadata()) =>
      new Promise((resolve, reject) => {
        client.makeUnaryRequest(
          pathOf(service, method),
          (message: unknown) => Buffer.from(method.requestType.encode(message).finish()),
          (bytes: Buffer) => method.responseType.decode(bytes),
          request,
          metadata,
          { deadline: Date.now() + DEADLINE_MS },
          (error, response) => (error ? reject(error) : resolve(response)),
        );
      });
    return [name, call];
  });
  return { ...Object.fromEntries(methods), close: () => client.close() };
}
