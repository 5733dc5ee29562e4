// Envoy's certificates as others make them: in a mounted secret, by an intermediate authority; and replaced under load.
import { renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { renewCertificates } from '@moa/stack';
import { until } from '@moa/testkit';
import { issueThroughIntermediate, mountSecret } from '@moa/testkit/certificates';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openEdge, pathWith, type TestEdge } from './support/edge.js';

const OK = 0;
const PUBLIC = pathWith('public');
const SIGNED_IN = pathWith('signedIn');

/** The serial number of the certificate that Envoy shows to services now. */
async function serialOf({ adminPort }: TestEdge): Promise<string> {
  const { certificates } = (await (await fetch(`http://127.0.0.1:${adminPort}/certs`)).json()) as {
    certificates: { cert_chain: { serial_number: string }[] }[];
  };
  return certificates[0]!.cert_chain[0]!.serial_number;
}

/** Calls in closed loops while `rotate` makes Envoy show another certificate, a few times. Every call has to go well. */
async function callWhile(edge: TestEdge, rotate: () => Promise<unknown> | unknown): Promise<void> {
  const token = await edge.token();
  const rotated = new AbortController();
  let calls = 0;
  const keepCalling = async (path: string, token?: string) => {
    for (; !rotated.signal.aborted; calls++) assert.is((await edge.grpc(path, token === undefined ? {} : { token })).code, OK);
  };
  const callers = [keepCalling(PUBLIC), keepCalling(PUBLIC), keepCalling(SIGNED_IN, token)];
  for (let round = 0; round < 3; round++) {
    const [before, callsBefore] = [await serialOf(edge), calls];
    await rotate();
    await until(async () => (await serialOf(edge)) !== before && calls > callsBefore);
  }
  rotated.abort();
  await Promise.all(callers);
}

test("a new set of the stack's is taken up without a restart or a failed call", async () => {
  const edge = await openEdge();
  await callWhile(edge, () => renewCertificates(edge.certificates, edge.names)).finally(edge.close);
});

test('so is a mounted secret, which is known by its files', async () => {
  const edge = await openEdge({
    ownCertificates: (certificates, folder) => {
      mountSecret(folder, join(certificates, 'current/envoy'));
      return { folder };
    },
  });
  const renew = async () => {
    await renewCertificates(edge.certificates, edge.names);
    mountSecret(edge.edge.certificates.folder, join(edge.certificates, 'current/envoy'));
  };
  await callWhile(edge, renew).finally(edge.close);
});

test('certificates of an intermediate authority are shown, and trusted', async () => {
  const edge = await openEdge({
    makeCertificates: async (certificates, names) => {
      await issueThroughIntermediate(join(certificates, 'set'), names);
      symlinkSync('set', join(certificates, 'next'));
      renameSync(join(certificates, 'next'), join(certificates, 'current'));
    },
  });
  assert.is((await edge.grpc(PUBLIC)).code, OK);
  assert.is((await edge.grpc(SIGNED_IN, { token: await edge.token() })).code, OK);
  await edge.close();
});

test.run();
