// Mutual TLS: every connection between processes shows a certificate, and its URI says whose it is: spiffe://moa/<service>.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile, realpath } from 'node:fs/promises';
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
  const { provider, read } = watchCertificates(folder, refreshMs);
  return {
    server: experimental.createCertificateProviderServerCredentials(provider, provider, true),
    channel: experimental.createCertificateProviderChannelCredentials(provider, provider),
    // A server that listens before they are read refuses who comes first.
    read,
  };
}

/** The service at the other end, as its certificate says; undefined for a certificate that names none. */
export function peerOf({ sslPeerCertificate }: AuthContext): string | undefined {
  return sslPeerCertificate?.subjectaltname?.match(URI)?.[1];
}

interface CertificateSet {
  readonly caCertificate: Buffer;
  readonly certificate: Buffer;
  readonly privateKey: Buffer;
}

// grpc-js's own file watcher reads file by file, and cuts everybody off for a while when it meets half a set. This one keeps what it has
// until there is a whole new one.
function watchCertificates(folder: string, refreshMs: number): { provider: experimental.CertificateProvider; read(): Promise<void> } {
  const caListeners = new Set<experimental.CaCertificateUpdateListener>();
  const identityListeners = new Set<experimental.IdentityCertificateUpdateListener>();
  let current: CertificateSet | undefined;
  let timer: NodeJS.Timeout | undefined;

  const read = async () => {
    const found = await readSet(folder);
    if (current?.certificate.equals(found.certificate) && current.caCertificate.equals(found.caCertificate)) return;
    current = found;
    for (const listener of caListeners) listener(found);
    for (const listener of identityListeners) listener(found);
  };
  // Files are looked at while somebody uses them.
  const watch = () => {
    if (caListeners.size + identityListeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    } else if (!timer) {
      timer = setInterval(() => read().catch(() => {}), refreshMs).unref();
      read().catch(() => {});
    }
  };
  const add = <L extends (set: CertificateSet) => void>(listeners: Set<L>, listener: L) => {
    listeners.add(listener);
    if (current) process.nextTick(listener, current);
    watch();
  };
  const remove = <L>(listeners: Set<L>, listener: L) => {
    listeners.delete(listener);
    watch();
  };
  const provider: experimental.CertificateProvider = {
    addCaCertificateListener: (listener) => add(caListeners, listener),
    removeCaCertificateListener: (listener) => remove(caListeners, listener),
    addIdentityCertificateListener: (listener) => add(identityListeners, listener),
    removeIdentityCertificateListener: (listener) => remove(identityListeners, listener),
  };
  return { provider, read };
}

// Through the link that is swapped, once: all three of the same set.
async function readSet(folder: string): Promise<CertificateSet> {
  const place = await realpath(folder);
  const file = (name: string) => readFile(join(place, name));
  const [caCertificate, certificate, privateKey] = await Promise.all([file('ca.pem'), file('cert.pem'), file('key.pem')]);
  if (!new X509Certificate(certificate).checkPrivateKey(createPrivateKey(privateKey)))
    throw new Error(`cert.pem and key.pem in ${folder} do not belong together`);
  return { caCertificate, certificate, privateKey };
}
