// Asks a service of ours, over mutual TLS, whether it is ready: grpc.health.v1.
import { connect } from 'node:net';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { readCertificateSet } from '@moa/kit/certificate-set';

const DEADLINE_MS = 1_000;
// HealthCheckResponse {status: SERVING}: field 1, a varint, 1.
const SERVING = Buffer.from([0x08, 0x01]);
const bytes = (message: Buffer) => message;

/** Makes the question; `certificates` is the folder of whoever asks. */
export function healthCheck(address: string, callee: string, certificates: string): () => Promise<boolean> {
  return async () => {
    // While a service loads it is asked many times, and a handshake costs both of them more than all else here.
    if (!(await isListening(address))) return false;
    const { caCertificate, certificate, privateKey } = await readCertificateSet(certificates);
    const tls = credentials.createSsl(caCertificate, privateKey, certificate);
    const client = new Client(address, tls, { 'grpc.ssl_target_name_override': callee });
    try {
      return await new Promise<boolean>((resolve) => {
        client.makeUnaryRequest(
          '/grpc.health.v1.Health/Check',
          bytes,
          bytes,
          Buffer.alloc(0),
          new Metadata(),
          { deadline: Date.now() + DEADLINE_MS },
          (_, answer) => resolve(answer !== undefined && SERVING.equals(answer)),
        );
      });
    } finally {
      client.close();
    }
  };
}

function isListening(address: string): Promise<boolean> {
  const { hostname, port } = new URL(`tcp://${address}`);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => resolve(true)).on('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
