// A client for tests: plain grpc-js, so that errors are seen as they came, and any metadata can be sent.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, type ClientReadableStream, credentials, Metadata } from '@grpc/grpc-js';
import { pathOf, type RequestOf, type ResponseOf, type ServiceDefinition } from '@moa/contracts/method';

const DEADLINE_MS = 10_000;

/** Each RPC as an async function that rejects with grpc-js's ServiceError; one that streams gives its messages, and throws the same. */
export type Connected<S extends ServiceDefinition> = {
  readonly [M in keyof S['methods']]: (
    request: RequestOf<S['methods'][M]>,
    metadata?: Metadata,
  ) => S['methods'][M] extends { responseStream: true }
    ? ClientReadableStream<ResponseOf<S['methods'][M]>>
    : Promise<ResponseOf<S['methods'][M]>>;
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
    const encode = (message: unknown) => Buffer.from(method.requestType.encode(message).finish());
    const decode = (bytes: Buffer) => method.responseType.decode(bytes);
    const path = pathOf(service, method);
    const call = (request: unknown, metadata = new Metadata()) =>
      new Promise((resolve, reject) => {
        const options = { deadline: Date.now() + DEADLINE_MS };
        client.makeUnaryRequest(path, encode, decode, request, metadata, options, (error, response) =>
          error ? reject(error) : resolve(response),
        );
      });
    // Whoever cancels a stream, or reads it later, hears of its end later or never: that is no accident.
    const watch = (request: unknown, metadata = new Metadata()) =>
      client.makeServerStreamRequest(path, encode, decode, request, metadata).on('error', () => {});
    return [name, method.responseStream ? watch : call];
  });
  return { ...Object.fromEntries(methods), close: () => client.close() };
}
