import { connect } from 'node:net';
import { messageOf } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openEdge, pathWith, reached } from './support/edge.js';

const [OK, INVALID_ARGUMENT, RESOURCE_EXHAUSTED, UNIMPLEMENTED] = [0, 3, 8, 12];
const PUBLIC = pathWith('public');
const INTERNAL = pathWith('internal');
const SIGNED_IN = pathWith('signedIn');
const MIB = 1 << 20;

const edge = await openEdge();
test.after(() => edge.close());

const [service, method] = SIGNED_IN.slice(1).split('/') as [string, string];

const oddPaths = {
  'in upper case': `/${service.toUpperCase()}/${method}`,
  'with a parameter': `${SIGNED_IN};a=b`,
  'with a slash at the end': `${SIGNED_IN}/`,
  'with an escaped slash': `/${service}%2F${method}`,
  'with an escaped slash in lower case': `/${service}%2f${method}`,
  'with an escaped backslash': `/${service}%5C${method}`,
  'of something above': `/../${service}/${method}x`,
  'without a method': `/${service}/`,
  'of a service that is a prefix': `/${service.slice(0, -1)}/${method}`,
  'of the health service': '/grpc.health.v1.Health/Check',
};

for (const [kind, path] of Object.entries(oddPaths)) {
  test(`a path ${kind} leads nowhere`, async () => {
    const token = await edge.token();
    for (const call of [edge.grpc, edge.web]) {
      assert.not(
        await reached(edge, async () => {
          const { code, httpStatus } = await call(path, { token });
          assert.is(httpStatus, 200);
          assert.ok(code === UNIMPLEMENTED || code === INVALID_ARGUMENT, `code ${code}`);
        }),
      );
    }
  });
}

test('a path that comes out right after it is put in order is decided on as it came out', async () => {
  for (const path of [
    `//${service}/${method}`,
    `/x/../${service}/${method}`,
    `/./${service}//${method}`,
    `/${service}/%2e/${method}`,
    `/${service}/%53${method.slice(1)}`,
  ]) {
    const { code, reason } = await edge.grpc(path);
    assert.not.equal([code, reason], [OK, undefined], path);
  }
  for (const path of [
    `/${INTERNAL}`,
    `/x/..${INTERNAL}`,
    `/x/%2e%2e${INTERNAL}`,
    INTERNAL.replace('/', '/./'),
    `${INTERNAL}?a=b`,
    `${INTERNAL}#a`,
    `${PUBLIC}/..${INTERNAL}`,
  ]) {
    const token = await edge.token({ roles: ['ADMIN'] });
    assert.not(await reached(edge, async () => assert.not.equal((await edge.grpc(path, { token })).code, OK, path)), path);
  }
});

test('only POST of gRPC reaches an RPC', async () => {
  for (const verb of ['GET', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'TRACE'])
    assert.not(await reached(edge, () => edge.grpc(PUBLIC, { method: verb, body: Buffer.alloc(0) })), verb);
  for (const type of ['application/json', 'text/plain', 'application/x-www-form-urlencoded', ''])
    assert.not(
      await reached(edge, async () => assert.is((await edge.web(PUBLIC, { headers: { 'content-type': type } })).httpStatus, 404)),
      type,
    );
});

const IDENTITY = {
  'x-user-id': 'mallory',
  'X-User-Roles': 'ADMIN',
  'x-moa-caller': 'mallory',
  'x-account-id': 'mallory',
  'x-role': 'ADMIN',
  'x-jwt-payload': 'e30',
  'x-auth-request-user': 'mallory',
  'x-forwarded-client-cert': 'URI=spiffe://moa/funding',
  'x-forwarded-for': '10.0.0.1, 10.0.0.2',
  'x-forwarded-user': 'mallory',
  forwarded: 'for=10.0.0.1',
  'x-real-ip': '10.0.0.1',
  'x-envoy-upstream-rq-timeout-ms': '999999',
  'x-envoy-max-retries': '100',
  'x-envoy-internal': 'true',
  'x-original-url': INTERNAL,
};

test('headers that claim an identity or command Envoy do not come through', async () => {
  await edge.grpc(PUBLIC, { headers: IDENTITY });
  await edge.web(PUBLIC, { headers: { ...IDENTITY, 'x-user-id': ['mallory', 'eve'] } });
  for (const { metadata } of edge.seen.slice(-2)) {
    const through = Object.entries(metadata.getMap()).filter(
      ([name, value]) => name in IDENTITY && Object.values(IDENTITY).flat().join().includes(String(value)),
    );
    assert.equal(through, []);
    assert.equal(metadata.get('x-envoy-external-address'), ['127.0.0.1']);
    assert.not.match(String(metadata.get('x-forwarded-for')), /10\.0|,/);
  }
});

test('a header with an underscore is refused: it might be read as one with a dash', async () => {
  assert.not(await reached(edge, () => edge.web(PUBLIC, { headers: { x_user_id: 'mallory' } })));
  assert.is((await edge.web(PUBLIC, { headers: { x_user_id: 'mallory' } })).httpStatus, 400);
  assert.not(await reached(edge, () => edge.grpc(PUBLIC, { headers: { x_user_id: 'mallory' } }).catch(() => {})));
});

test("the request's id is made here, and told to the caller and the service", async () => {
  for (const call of [edge.grpc, edge.web]) {
    const { headers } = await call(PUBLIC, { headers: { 'x-request-id': 'chosen-by-the-caller' } });
    const id = headers['x-request-id'];
    assert.match(String(id), /^[0-9a-f-]{36}$/);
    assert.equal(edge.seen.at(-1)!.metadata.get('x-request-id'), [id]);
  }
});

test('the trace goes on to the service, and both ids are in the log, which names no person', async () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const { headers } = await edge.grpc(`${PUBLIC}?email=somebody@moa.test`, { headers: { traceparent, 'user-agent': 'agent-of-somebody' } });
  const lines = () => edge.log.filter((line) => line.includes(String(headers['x-request-id'])));
  while (lines().length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const line = JSON.parse(lines()[0]!);
  assert.is(line.traceparent, traceparent);
  assert.is(line.path, PUBLIC);
  assert.not.match(lines()[0]!, /somebody|agent-of/);
  await edge.grpc(PUBLIC, { headers: { traceparent } });
  assert.equal(edge.seen.at(-1)!.metadata.get('traceparent'), [traceparent]);
});

test('a message of more than 1 MiB is refused, and one below it is not', async () => {
  for (const call of [edge.grpc, edge.web]) {
    assert.is((await call(PUBLIC, { body: messageOf(MIB - 1_000) })).code, OK);
    assert.not(
      await reached(edge, async () => {
        const { code, reason } = await call(PUBLIC, { body: messageOf(2 * MIB) });
        assert.equal([code, reason], [RESOURCE_EXHAUSTED, 'REQUEST_TOO_LARGE']);
      }),
    );
  }
});

test('headers of more than 16 KiB, or too many of them, are refused', async () => {
  const large = { 'x-large': 'a'.repeat(17 << 10) };
  const many = Object.fromEntries(Array.from({ length: 120 }, (_, index) => [`x-many-${index}`, 'a']));
  for (const headers of [large, many]) {
    assert.not(await reached(edge, () => edge.web(PUBLIC, { headers }).catch(() => {})));
    assert.not(await reached(edge, () => edge.grpc(PUBLIC, { headers }).catch(() => {})));
  }
});

test('a request is not begun at its service before it is whole', async () => {
  const [host, port] = edge.address.split(':');
  const socket = connect(Number(port), host);
  const begun = `POST ${PUBLIC} HTTP/1.1\r\nhost: moa\r\ncontent-type: application/grpc-web+proto\r\ncontent-length: 5\r\n\r\n\0\0`;
  await new Promise<void>((resolve) => socket.write(begun, () => resolve()));
  const before = edge.seen.length;
  await edge.grpc(PUBLIC);
  assert.is(edge.seen.length, before + 1);
  socket.write('\0\0\0');
  while (edge.seen.length < before + 2) await new Promise((resolve) => setTimeout(resolve, 5));
  socket.destroy();
});

test('Envoy says little of itself', async () => {
  for (const { headers } of [await edge.web(PUBLIC), await edge.http('/nowhere')]) {
    assert.is(headers['server'], 'moa');
    assert.equal(
      Object.keys(headers).filter((name) => name.startsWith('x-envoy')),
      [],
    );
  }
});

test("Envoy's admin is not behind the door", async () => {
  for (const path of ['/stats', '/config_dump', '/clusters', '/quitquitquit', '/ready']) assert.is((await edge.http(path)).httpStatus, 404);
});

test.run();
