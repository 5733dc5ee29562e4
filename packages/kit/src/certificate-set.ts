// The files of a certificate folder, read as one set. There are two layouts: the stack's, and that of a mounted Kubernetes secret, which
// cert-manager fills. Both are replaced by swapping one link, and both may hold chains and bundles of several authorities.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';

/** What the files of a layout are called. */
export const certificateFiles = {
  stack: { ca: 'ca.pem', certificate: 'cert.pem', key: 'key.pem' },
  secret: { ca: 'ca.crt', certificate: 'tls.crt', key: 'tls.key' },
} as const;

export type CertificateLayout = keyof typeof certificateFiles;

// Each file of a mounted secret is a link through this one, which is a link to the set of today.
const SECRET_LINK = '..data';

export interface CertificateSet {
  /** Who is trusted: one authority or several. */
  readonly caCertificate: Buffer;
  /** Ours, and the intermediates that lead from it to the authority. */
  readonly certificate: Buffer;
  readonly privateKey: Buffer;
}

/** The layout of a folder, found by looking; the stack's where nothing is there. */
export const layoutOf = (folder: string): CertificateLayout =>
  existsSync(join(folder, certificateFiles.secret.certificate)) ? 'secret' : 'stack';

/** Reads all of one set, or throws; also while the link to it is swapped and the set before is removed. */
export async function readCertificateSet(folder: string): Promise<CertificateSet> {
  for (;;) {
    const place = await placeOf(folder);
    try {
      return await readFrom(place);
    } catch (error) {
      // What was removed under way has a successor.
      if ((await placeOf(folder)) === place) throw new Error(`the certificates in ${folder} cannot be used: ${(error as Error).message}`);
    }
  }
}

// Through the link that is swapped, once: all three of the same set.
async function placeOf(folder: string): Promise<string> {
  const data = join(folder, SECRET_LINK);
  return realpath(existsSync(data) ? data : folder);
}

async function readFrom(place: string): Promise<CertificateSet> {
  const names = certificateFiles[layoutOf(place)];
  const file = (name: string) => readFile(join(place, name));
  const [caCertificate, certificate, privateKey] = await Promise.all([file(names.ca), file(names.certificate), file(names.key)]);
  if (!new X509Certificate(certificate).checkPrivateKey(createPrivateKey(privateKey)))
    throw new Error(`${names.certificate} and ${names.key} do not belong together`);
  // A secret may come without an authority, and then nobody would be trusted.
  new X509Certificate(caCertificate);
  return { caCertificate, certificate, privateKey };
}
