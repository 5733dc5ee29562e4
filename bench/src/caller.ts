// A load generator's client over gRPC: bytes in, bytes out, so that its own cost is small and the same for every side.
import { type ChannelCredentials, Client, Metadata } from '@grpc/grpc-js';
import { certificatesIn } from '@moa/kit';
import { PATH, requestBytes } from './sample.js';

const DEADLINE_MS = 10_000;
const bytes = (value: Buffer) => value;

/** Calls CreatePledge with the sample's bytes, or another RPC with what `makeBody` makes. */
export function grpcCaller(address: string, certificates: string, token: string, makeBody = () => requestBytes, path = PATH) {
  const { send, close } = openClient(address, certificates, path);
  const metadata = metadataOf(token);
  return { call: () => send(makeBody(), metadata), close };
}

/** Calls an RPC that asks for nothing but who calls, as one of many people. */
export function grpcCallerOfMany(address: string, certificates: string, tokens: readonly string[], path: string) {
  const { send, close } = openClient(address, certificates, path);
  const people = tokens.map(metadataOf);
  return { callAs: (person: number) => send(Buffer.alloc(0), people[person]!), close };
}

function openClient(address: string, certificates: string, path: string) {
  const credentials: ChannelCredentials = certificatesIn(certificates).channel;
  const client = new Client(address, credentials, { 'grpc.ssl_target_name_override': 'localhost' });
  return {
    send: (body: Buffer, metadata: Metadata) =>
      new Promise<Buffer>((resolve, reject) => {
        client.makeUnaryRequest(path, bytes, bytes, body, metadata, { deadline: Date.now() + DEADLINE_MS }, (error, value) =>
          error ? reject(error) : resolve(value!),
        );
      }),
    close: () => client.close(),
  };
}

function metadataOf(token: string): Metadata {
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  return metadata;
}
