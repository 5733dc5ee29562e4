// Mutual TLS: every connection between processes shows a certificate, and its URI says whose it is: spiffe://moa/<service>.
import { type ChannelCredentials, experimental, type ServerCredentials } from '@grpc/grpc-js';
import type { AuthContext } from '@grpc/grpc-js/build/src/auth-context.js';
import { type CertificateSet, readCertificateSet } from './certificate-set.js';

const REFRESH_MS = 10_000;
const URI = /(?:^|, )URI:spiffe:\/\/moa\/([a-z0-9-]+)(?:,|$)/;

export interface Certificates {
  readonly server: ServerCredentials;
  readonly channel: ChannelCredentials;
  /** Reads them now: a server that listens before they are read refuses who comes first. */
  read(): Promise<CertificateSet>;
  /** Hands over the set in use and every new one, until the function that it gives is called: for servers other than gRPC's. */
  watch(use: (set: CertificateSet) => void): () => void;
}

/**
 * Certificates of one folder, for both directions. A new set in the folder is used within seconds, by new connections. One that cannot be
 * used is told to `onTrouble`, and the old one stays.
 */
export function certificatesIn(
  folder: string,
  { refreshMs = REFRESH_MS, onTrouble = () => {} }: { readonly refreshMs?: number; readonly onTrouble?: (error: unknown) => void } = {},
): Certificates {
  const listeners = new Set<(set: CertificateSet) => void>();
  let current: CertificateSet | undefined;
  let timer: NodeJS.Timeout | undefined;

  // grpc-js's own file watcher reads file by file, and cuts everybody off for a while when it meets half a set. This one keeps what it has
  // until there is a whole new one.
  const read = async () => {
    const found = await readCertificateSet(folder);
    if (current?.certificate.equals(found.certificate) && current.caCertificate.equals(found.caCertificate)) return current;
    current = found;
    for (const listener of listeners) listener(found);
    return found;
  };
  const look = () => void read().catch(onTrouble);
  const add = (listener: (set: CertificateSet) => void) => {
    listeners.add(listener);
    if (current) process.nextTick(listener, current);
    // Files are looked at while somebody uses them.
    if (timer) return;
    timer = setInterval(look, refreshMs).unref();
    look();
  };
  const remove = (listener: (set: CertificateSet) => void) => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
  const provider: experimental.CertificateProvider = {
    addCaCertificateListener: add,
    removeCaCertificateListener: remove,
    addIdentityCertificateListener: add,
    removeIdentityCertificateListener: remove,
  };
  return {
    server: experimental.createCertificateProviderServerCredentials(provider, provider, true),
    channel: experimental.createCertificateProviderChannelCredentials(provider, provider),
    read,
    watch(use) {
      add(use);
      return () => remove(use);
    },
  };
}

/** The service at the other end, as its certificate says; undefined for a certificate that names none. */
export function peerOf({ sslPeerCertificate }: AuthContext): string | undefined {
  return sslPeerCertificate?.subjectaltname?.match(URI)?.[1];
}
