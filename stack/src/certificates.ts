// Certificates for mutual TLS on this machine: an authority of our own, and one leaf for each process.
// All leaves are made as one set and put in place by swapping one link, so nobody reads a key with another's certificate.
import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';

const DAY_MS = 86_400_000;
const AUTHORITY_DAYS = 3_650;
const LEAF_DAYS = 60;
const RENEW_BEFORE_DAYS = 20;
// Clocks of one machine do not differ, but a clock may be set back.
const BACKDATED_MS = DAY_MS;
const SETS_KEPT = 2;
/** Shows who the door is to callers, and is nobody between services. */
export const DOOR = 'door';
const KEYS = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

type CryptoKey = webcrypto.CryptoKey;

interface Authority {
  readonly certificate: x509.X509Certificate;
  readonly key: CryptoKey;
}

/**
 * Makes or renews `<folder>/current/<name>/{ca,cert,key}.pem` for each name. Gives true when something was made.
 * `current` is a link: whoever watches for changes watches `folder`.
 */
export async function ensureCertificates(folder: string, names: readonly string[], now = new Date()): Promise<boolean> {
  if (names.every((name) => isGood(join(folder, 'current', name, 'cert.pem'), now))) return false;
  await renewCertificates(folder, names, now);
  return true;
}

/** Makes a new set, whatever the age of the one that is there, and puts it in its place in one step. */
export async function renewCertificates(folder: string, names: readonly string[], now = new Date()): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const authority = await openAuthority(folder, now);
  const set = `set-${now.toISOString().replace(/\D/g, '')}-${randomBytes(4).toString('hex')}`;
  await Promise.all(names.map((name) => makeLeaf(join(folder, set, name), name, authority, now)));
  const next = join(folder, `next-${set}`);
  symlinkSync(set, next);
  renameSync(next, join(folder, 'current'));
  removeOldSets(folder);
}

function isGood(file: string, now: Date): boolean {
  if (!existsSync(file)) return false;
  const { notAfter } = new x509.X509Certificate(readFileSync(file, 'utf8'));
  return notAfter.getTime() - now.getTime() > RENEW_BEFORE_DAYS * DAY_MS;
}

/** The certificate of the authority that signs all others. */
export const authorityFile = (folder: string): string => join(folder, 'authority.pem');

async function openAuthority(folder: string, now: Date): Promise<Authority> {
  const [certificateFile, keyFile] = [authorityFile(folder), join(folder, 'authority-key.pem')];
  if (existsSync(certificateFile) && existsSync(keyFile)) {
    const key = x509.PemConverter.decodeFirst(readFileSync(keyFile, 'utf8'));
    return {
      certificate: new x509.X509Certificate(readFileSync(certificateFile, 'utf8')),
      key: await webcrypto.subtle.importKey('pkcs8', key, KEYS, false, ['sign']),
    };
  }
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=Moa on this machine',
    ...validFor(AUTHORITY_DAYS, now),
    signingAlgorithm: KEYS,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  writeFileSync(keyFile, await pemOf(keys.privateKey), { mode: 0o600 });
  writeFileSync(certificateFile, certificate.toString('pem'));
  return { certificate, key: keys.privateKey };
}

async function makeLeaf(folder: string, name: string, authority: Authority, now: Date): Promise<void> {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    subject: `CN=${name}`,
    issuer: authority.certificate.subject,
    ...validFor(LEAF_DAYS, now),
    signingAlgorithm: KEYS,
    publicKey: keys.publicKey,
    signingKey: authority.key,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      ...(name === DOOR ? doorExtensions() : serviceExtensions(name)),
      await x509.AuthorityKeyIdentifierExtension.create(authority.certificate.publicKey),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'ca.pem'), authority.certificate.toString('pem'));
  writeFileSync(join(folder, 'cert.pem'), certificate.toString('pem'));
  writeFileSync(join(folder, 'key.pem'), await pemOf(keys.privateKey), { mode: 0o600 });
}

const HERE: x509.JsonGeneralNames = [
  { type: 'dns', value: 'localhost' },
  { type: 'ip', value: '127.0.0.1' },
];

const serviceExtensions = (name: string) => [
  new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
  new x509.SubjectAlternativeNameExtension([{ type: 'url', value: `spiffe://moa/${name}` }, { type: 'dns', value: name }, ...HERE]),
];

const doorExtensions = () => [
  new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
  new x509.SubjectAlternativeNameExtension(HERE),
];

const newKeys = () => webcrypto.subtle.generateKey(KEYS, true, ['sign', 'verify']);

const pemOf = async (key: CryptoKey) => x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');

const validFor = (days: number, now: Date) => ({
  notBefore: new Date(now.getTime() - BACKDATED_MS),
  notAfter: new Date(now.getTime() + days * DAY_MS),
});

// The set before this one stays: somebody may be reading it.
function removeOldSets(folder: string): void {
  const current = readlinkSync(join(folder, 'current'));
  const others = readdirSync(folder)
    .filter((name) => name.startsWith('set-') && name !== current)
    .sort()
    .reverse();
  for (const name of others.slice(SETS_KEPT - 1)) rmSync(join(folder, name), { recursive: true, force: true });
}
