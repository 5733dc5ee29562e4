// Certificates as others than the stack make them: through an intermediate authority, and in a mounted secret.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readlinkSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';

const KEYS = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const SECRET_FILES = { 'ca.crt': 'ca.pem', 'tls.crt': 'cert.pem', 'tls.key': 'key.pem' };

/** Puts one of the stack's sets into a folder as the cluster mounts a secret, in one step. What was there before is gone afterwards. */
export function mountSecret(folder: string, from: string): void {
  mkdirSync(folder, { recursive: true });
  const data = join(folder, '..data');
  const before = existsSync(data) ? readlinkSync(data) : undefined;
  const set = mkdtempSync(join(folder, '..set-')).slice(folder.length + 1);
  for (const [name, source] of Object.entries(SECRET_FILES)) {
    copyFileSync(join(from, source), join(folder, set, name));
    if (!before) symlinkSync(join('..data', name), join(folder, name));
  }
  symlinkSync(set, `${data}.new`);
  renameSync(`${data}.new`, data);
  if (before) rmSync(join(folder, before), { recursive: true });
}

/** Writes `<folder>/<name>/{ca,cert,key}.pem` by an authority of their own with an intermediate under it, which stands in cert.pem. */
export async function issueThroughIntermediate(folder: string, names: readonly string[]): Promise<void> {
  const root = await issue('CN=root', undefined, new x509.BasicConstraintsExtension(true, 1, true));
  const intermediate = await issue('CN=intermediate', root, new x509.BasicConstraintsExtension(true, 0, true));
  for (const name of names) {
    const place = join(folder, name);
    const addresses = new x509.SubjectAlternativeNameExtension([
      { type: 'url', value: `spiffe://moa/${name}` },
      { type: 'dns', value: name },
      { type: 'dns', value: 'localhost' },
    ]);
    const leaf = await issue(`CN=${name}`, intermediate, new x509.BasicConstraintsExtension(false, undefined, true), addresses);
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, 'ca.pem'), root.certificate.toString('pem'));
    writeFileSync(join(place, 'cert.pem'), [leaf, intermediate].map(({ certificate }) => certificate.toString('pem')).join('\n'));
    const key = await webcrypto.subtle.exportKey('pkcs8', leaf.keys.privateKey);
    writeFileSync(join(place, 'key.pem'), x509.PemConverter.encode(key, 'PRIVATE KEY'));
  }
}

interface Issued {
  readonly certificate: x509.X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
}

async function issue(subject: string, by: Issued | undefined, ...extensions: x509.Extension[]): Promise<Issued> {
  const keys = await webcrypto.subtle.generateKey(KEYS, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.create({
    subject,
    issuer: by?.certificate.subject ?? subject,
    publicKey: keys.publicKey,
    signingKey: (by?.keys ?? keys).privateKey,
    signingAlgorithm: KEYS,
    extensions,
  });
  return { certificate, keys };
}
