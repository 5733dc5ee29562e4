// Mutual TLS: every connection between processes shows a certificate, and its URI says whose it is: spiffe://moa/<service>.
import { join } from 'node:path';
import { type ChannelCredentials, experimental, type ServerCredentials } from '@grpc/grpc-js';
import type { AuthContext } from '@grpc/grpc-js/build/src/auth-context.js';

const REFRESH_MS = 10_000;
const URI = /(?:^|, )URI:spiffe:\/\/moa\/([a-z0-9-]+)(?:,|$)/;

/** Certificates of one folder, for both directions. A new set in the folder is used within seconds, by new connections. */
export function certificatesIn(
  folder: string,
  refreshMs = REFRESH_MS,
): { server: ServerCredentials; channel: ChannelCredentials; read(): Promise<void> } {
  const files = new experimental.FileWatcherCertificateProvider({
    caCertificateFile: join(folder, 'ca.pem'),
    certificateFile: join(folder, 'cert.pem'),
    privateKeyFile: join(folder, 'key.pem'),
    refreshIntervalMs: refreshMs,
  });
  return {
    server: experimental.createCertificateProviderServerCredentials(files, files, true),
    channel: experimental.createCertificateProviderChannelCredentials(files, files),
    // A server that listens before they are read refuses who comes first.
    read: () =>
      new Promise((resolve, reject) => {
        const listener: Parameters<typeof files.addIdentityCertificateListener>[0] = (certificate) => {
          files.removeIdentityCertificateListener(listener);
          if (certificate) resolve();
          else reject(new Error(`there is no cert.pem with a key.pem to read in ${folder}`));
        };
        files.addIdentityCertificateListener(listener);
      }),
  };
}

/** The service at the other end, as its certificate says; undefined for a certificate that names none. */
export function peerOf({ sslPeerCertificate }: AuthContext): string | undefined {
  return sslPeerCertificate?.subjectaltname?.match(URI)?.[1];
}
