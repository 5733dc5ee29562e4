// The door with TLS: what browsers and gRPC clients get then, and nobody else.
import { readFileSync } from 'node:fs';
import { type ClientHttp2Session, connect } from 'node:http2';
import { request } from 'node:https';
import { join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { renewCertificates } from '@moa/stack';
import { callGrpc, callHttp, until } from '@moa/testkit';
import { mountSecret } from '@moa/testkit/certificates';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openEdge, pathWith, reached } from './support/edge.js';

const PUBLIC = pathWith('public');
const [WEB, GRPC] = ['application/grpc-web+proto', 'application/grpc'];
// More than the connections that a browser opens to one origin.
const AT_ONCE = 50;

// Calls wait in the service until so many are there.
let waitFor = 0;
let waiting: (() => void)[] = [];
const edge = await openEdge({
  // Any certificate of the house is good for localhost.
  publicCertificates: (certificates, folder) => {
    mountSecret(folder, join(certificates, 'current/gateway'));
    return { folder };
  },
  behave: async ({ path }) => {
    if (path !== PUBLIC || waitFor === 0) return undefined;
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
      if (waiting.length >= waitFor) for (const go of waiting) go();
    });
    return undefined;
  },
});
const ca = readFileSync(join(edge.certificates, 'authority.pem'));
const [, port] = edge.address.split(':');
const url = `https://localhost:${port}`;
test.after(() => edge.close());

test.before.each(() => {
  waitFor = 0;
  waiting = [];
});

/** A call as one stream of a connection; gives its HTTP status and content type. */
function callOn(session: ClientHttp2Session, contentType: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    session
      .request({ ':method': 'POST', ':path': PUBLIC, 'content-type': contentType, te: 'trailers' })
      .on('response', (headers) => {
        answer = `${headers[':status']} ${headers['content-type']}`;
      })
      .on('error', reject)
      .on('close', () => resolve(answer))
      .resume()
      .end(Buffer.alloc(5));
  });
}

test('gRPC and gRPC-Web go over HTTP/2, which is chosen by TLS', async () => {
  const session = connect(url, { ca });
  for (const contentType of [GRPC, WEB]) assert.match(await callOn(session, contentType), `200 ${contentType}`);
  assert.is((session.socket as TLSSocket).alpnProtocol, 'h2');
  session.close();
});

test('one connection holds far more calls at once than the six of HTTP/1.1', async () => {
  waitFor = AT_ONCE;
  const session = connect(url, { ca });
  const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => callOn(session, WEB)));
  for (const answer of answers) assert.match(answer, /^200/);
  session.close();
});

test('who speaks HTTP/1.1 only is served, too', async () => {
  const status = await new Promise((resolve, reject) =>
    request(`${url}/.well-known/jwks.json`, { ca }, (response) => resolve(response.resume().statusCode))
      .on('error', reject)
      .end(),
  );
  assert.is(status, 200);
});

const isRefused = (work: Promise<unknown>) =>
  work.then(
    () => false,
    () => true,
  );

test('who comes without TLS is refused', async () => {
  assert.ok(await isRefused(callHttp(edge.address, '/')));
  assert.not(
    await reached(edge, async () => {
      const answer = await callGrpc(edge.address, PUBLIC).catch(() => undefined);
      assert.is(answer?.code, undefined);
    }),
  );
  assert.equal(edge.httpSeen, []);
});

test('TLS older than 1.2 is refused', async () => {
  const hello = (version: 'TLSv1.1' | 'TLSv1.2') =>
    new Promise<void>((resolve, reject) => {
      const options = { host: 'localhost', port: Number(port), ca, ciphers: 'DEFAULT@SECLEVEL=0' };
      const socket = connectTls({ ...options, minVersion: version, maxVersion: version }, () => {
        socket.destroy();
        resolve();
      }).on('error', reject);
    });
  await hello('TLSv1.2');
  assert.ok(await isRefused(hello('TLSv1.1')));
});

test('a caller who does not know the authority does not connect', async () => {
  assert.ok(
    await isRefused(
      new Promise((resolve, reject) => {
        const session = connect(url).on('error', reject).on('connect', resolve);
        session.unref();
      }),
    ),
  );
});

test('the certificate of the door is replaced under load, and no call fails', async () => {
  const shown = async () => {
    const session = connect(url, { ca });
    assert.match(await callOn(session, GRPC), /^200/);
    const { serialNumber } = (session.socket as TLSSocket).getPeerCertificate();
    session.close();
    return serialNumber;
  };
  const before = await shown();
  await renewCertificates(edge.certificates, edge.names);
  mountSecret(edge.edge.publicCertificates!.folder, join(edge.certificates, 'current/gateway'));
  await until(async () => (await shown()) !== before);
});

test.run();
