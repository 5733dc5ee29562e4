// The certificate of the HTTP port, read again when its folder leads to a new set.
import { readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from '@moa/kit';

const REFRESH_MS = 10_000;

export interface Certificates {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** All three of one set, also while the link to it is swapped. */
export function readCertificates(folder: string): Certificates {
  const set = realpathSync(folder);
  const read = (name: string) => readFileSync(join(set, name), 'utf8');
  return { ca: read('ca.pem'), cert: read('cert.pem'), key: read('key.pem') };
}

/** Hands over each new set; stops with the function that it gives. */
export function watchCertificates(
  folder: string,
  use: (certificates: Certificates) => void,
  log: Host['log'],
  everyMs = REFRESH_MS,
): () => void {
  let current = readCertificates(folder).cert;
  const timer = setInterval(() => {
    try {
      const fresh = readCertificates(folder);
      if (fresh.cert === current) return;
      use(fresh);
      current = fresh.cert;
    } catch (error) {
      log.error({ err: error }, 'the certificates cannot be read; the old ones stay in use');
    }
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}
