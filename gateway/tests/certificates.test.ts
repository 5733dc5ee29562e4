// The HTTP port's certificates while they are replaced.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { certificatesIn, type Host } from '@moa/kit';
import { openTestbed, until } from '@moa/testkit';
import { mountSecret } from '@moa/testkit/certificates';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { serveHttp } from '../src/http/serve.js';

const bed = await openTestbed('gateway-certificates');
const folder = mkdtempSync(join(tmpdir(), 'moa-gateway-'));
const log = { info() {}, error() {} } as unknown as Host['log'];

const read = (name: string, file: string) => readFileSync(join(bed.certificates(name), file));

/** Asks over a connection of its own, and gives the certificate that was shown. */
function ask(address: string): Promise<Buffer> {
  const tls = { ca: read('envoy', 'ca.pem'), cert: read('envoy', 'cert.pem'), key: read('envoy', 'key.pem') };
  return new Promise((resolve, reject) => {
    request(`https://${address}/`, { ...tls, agent: false, servername: 'localhost' }, (response) => {
      const { raw } = (response.socket as TLSSocket).getPeerCertificate();
      response.resume().on('end', () => (response.statusCode === 200 ? resolve(raw) : reject(new Error(`${response.statusCode}`))));
    })
      .on('error', reject)
      .end();
  });
}

test('a mounted secret is replaced, and no request fails meanwhile', async () => {
  mountSecret(folder, bed.certificates('gateway'));
  const routes = { 'GET /': async () => ({ status: 200 }) };
  const http = await serveHttp('127.0.0.1:0', certificatesIn(folder, { refreshMs: 5 }), log, routes);
  const before = await ask(http.address);
  mountSecret(folder, bed.certificates('stranger'));
  await until(async () => !(await ask(http.address)).equals(before));
  await http.close();
});

test('without certificates it does not listen', async () => {
  const nowhere = certificatesIn(join(folder, 'nowhere'));
  await serveHttp('127.0.0.1:0', nowhere, log, {}).then(
    () => assert.unreachable(),
    (error) => assert.match(error.message, 'nowhere'),
  );
});

test.after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await bed.close();
});
test.run();
