import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ORIGIN, openEdge, pathWith, reached } from './support/edge.js';

const PUBLIC = pathWith('public');
const [OK, UNAUTHENTICATED] = [0, 16];

const edge = await openEdge({
  behave: async ({ metadata }) => {
    if (metadata.get('x-fails').length > 0) throw { code: 9, details: 'no', metadata: undefined };
  },
});
test.after(() => edge.close());

const preflight = (origin: string, headers = 'authorization,content-type,x-grpc-web') =>
  edge.http(PUBLIC, {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': headers },
  });

test("our own page's preflight is answered by Envoy", async () => {
  assert.not(
    await reached(edge, async () => {
      const { httpStatus, headers } = await preflight(ORIGIN);
      assert.is(httpStatus, 200);
      assert.is(headers['access-control-allow-origin'], ORIGIN);
      assert.is(headers['access-control-allow-methods'], 'POST');
      assert.match(String(headers['access-control-allow-headers']), /authorization.*grpc-timeout/);
      assert.is(headers['access-control-allow-credentials'], undefined);
    }),
  );
});

test("a foreign page's preflight is refused, and reaches nobody", async () => {
  for (const origin of ['https://evil.test', `${ORIGIN}.evil.test`, 'http://shop.test', `${ORIGIN}:8443`, 'null', ORIGIN.toUpperCase()]) {
    assert.not(
      await reached(edge, async () => {
        const { httpStatus, headers } = await preflight(origin);
        assert.is(httpStatus, 403, origin);
        assert.equal(
          Object.keys(headers).filter((name) => name.startsWith('access-control')),
          [],
          origin,
        );
      }),
    );
  }
});

test('a foreign page may not read an answer', async () => {
  const { headers } = await edge.web(PUBLIC, { headers: { origin: 'https://evil.test' } });
  assert.is(headers['access-control-allow-origin'], undefined);
});

test('our own page reads answers, errors and their details', async () => {
  for (const token of [undefined, 'bad']) {
    const { code, headers } = await edge.web(PUBLIC, { headers: { origin: ORIGIN }, ...(token === undefined ? {} : { token }) });
    assert.is(code, token === undefined ? OK : UNAUTHENTICATED);
    assert.is(headers['access-control-allow-origin'], ORIGIN);
    assert.match(String(headers['access-control-expose-headers']), /grpc-status-details-bin/);
  }
});

test('gRPC-Web is answered in its own form, binary and text', async () => {
  const { headers, body } = await edge.web(PUBLIC);
  assert.match(String(headers['content-type']), /^application\/grpc-web/);
  assert.is(body[0], 0);
  const text = await edge.web(PUBLIC, {
    headers: { 'content-type': 'application/grpc-web-text', accept: 'application/grpc-web-text' },
    body: Buffer.from(Buffer.alloc(5).toString('base64')),
  });
  assert.match(String(text.headers['content-type']), /^application\/grpc-web-text/);
  assert.is(Buffer.from(text.body.toString(), 'base64')[0], 0);
});

test('what Envoy refuses looks like a gRPC-Web answer, with or without x-grpc-web', async () => {
  for (const headers of [
    {},
    { 'x-grpc-web': [] },
    { 'content-type': 'application/grpc-web-text' },
    { 'content-type': 'application/grpc-web' },
  ]) {
    const { httpStatus, code, headers: answered, body } = await edge.web('/moa.nowhere.v1.Service/Method', { headers });
    assert.equal([httpStatus, code, body.length], [200, 12, 0]);
    assert.match(String(answered['content-type']), /^application\/grpc-web/);
  }
});

test("a service's own refusal comes through with its code", async () => {
  for (const call of [edge.grpc, edge.web]) assert.is((await call(PUBLIC, { headers: { 'x-fails': 'yes' } })).code, 9);
});

test.run();
