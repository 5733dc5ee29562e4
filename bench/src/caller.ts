// A load generator's client over gRPC: bytes in, bytes out, so that its own cost is small and the same for every side.
import { type ChannelCredentials, Client, Metadata } from '@grpc/grpc-js';
import { certificatesIn } from '@moa/kit';
import { PATH, requestBytes } from './sample.js';

const DEADLINE_MS = 10_000;
const bytes = (value: Buffer) => value;

/** Calls CreatePledge with the sample's bytes, or another RPC with what `makeBody` makes. */
export function grpcCaller(address: string, certificates: string, token: string, makeBody = () => requestBytes, path = PATH) {
  const credentials: ChannelCredentials = certificatesIn(certificates).channel;
  const client = new Client(address, credentials, { 'grpc.ssl_target_name_override': 'localhost' });
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  return {
    call: () =>
      new Promise<Buffer>((resolve, reject) => {
        client.makeUnaryRequest(path, bytes, bytes, makeBody(), metadata, { deadline: Date.now() + DEADLINE_MS }, (error, value) =>
          error ? reject(error) : resolve(value!),
        );
      }),
    close: () => client.close(),
  };
}
