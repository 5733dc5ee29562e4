import { once } from 'node:events';
import { connect } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import { listRpcs, type Rpc } from '@moa/contracts/descriptors';
import { callGrpc, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { renderEnvoy } from '../src/index.js';
import { openEdge } from './support/edge.js';
import { serveRpcs } from './support/services.js';

const [OK, DEADLINE_EXCEEDED, UNIMPLEMENTED, UNAVAILABLE] = [0, 4, 12, 14];
const TIMEOUT_MS = 300;
const SLOWER_MS = 3_000;

const rpcOf = (method: string, more: Partial<Rpc> = {}): Rpc => ({
  service: 'moa.raffle.v1.RaffleService',
  method,
  path: `/moa.raffle.v1.RaffleService/${method}`,
  domain: 'raffle',
  streams: false,
  access: { $case: 'public', value: {} },
  timeoutMs: TIMEOUT_MS,
  repeatable: false,
  rate: undefined,
  freshAuthMinutes: 0,
  ...more,
});
const CLAIM = rpcOf('ClaimTicket');
const SLOW = rpcOf('SlowTicket');
const WATCH = rpcOf('WatchTickets', { streams: true, timeoutMs: 0 });
const HOLD = rpcOf('HoldTickets', { streams: true, timeoutMs: 0 });
const RESERVE = rpcOf('ReserveTicket', { access: { $case: 'internal', value: { names: ['purchase'] } } });
const ABSENT = rpcOf('Absent', { domain: 'absent', service: 'moa.absent.v1.AbsentService', path: '/moa.absent.v1.AbsentService/Absent' });
const COPIED = rpcOf('Copied', { domain: 'copied', service: 'moa.copied.v1.CopiedService', path: '/moa.copied.v1.CopiedService/Copied' });
const FAKED = rpcOf('Faked', { domain: 'faked', service: 'moa.faked.v1.FakedService', path: '/moa.faked.v1.FakedService/Faked' });

const SLOW_PATHS = [SLOW.path, WATCH.path];
// More than calls may be open at once, on connections of as many streams as one may have.
const VIEWERS = { connections: 22, each: 100 };
let letGo!: () => void;
const held = new Promise<void>((resolve) => {
  letGo = resolve;
});
const edge = await openEdge({
  rpcs: [...listRpcs(), CLAIM, SLOW, WATCH, HOLD, RESERVE, ABSENT, COPIED, FAKED],
  behave: async ({ path }) => {
    if (path === HOLD.path) await held;
    if (SLOW_PATHS.includes(path)) await sleep(path === SLOW.path ? SLOWER_MS : 2 * TIMEOUT_MS + 500);
  },
  // Nobody is at the first of these addresses; at the second somebody with another's certificate.
  addresses: async (domain, own, seen, certificates) => {
    if (domain === 'absent') return ['127.0.0.1:1'];
    if (domain === 'copied') return ['127.0.0.1:1', own];
    if (domain !== 'faked') return [own];
    const fake = await serveRpcs('auth', [FAKED], certificates, seen);
    test.after(() => fake.close());
    return [fake.address];
  },
});
test.after(() => edge.close());

test('a new RPC in the contracts has its route and its rules without an edit', async () => {
  assert.is((await edge.grpc(CLAIM.path)).code, OK);
  assert.is((await edge.web(CLAIM.path)).code, OK);
  assert.is((await edge.grpc(RESERVE.path)).code, UNIMPLEMENTED);
});

test('the edge waits a little longer than the contract says, so that the service can tell of it itself', async () => {
  for (const call of [edge.grpc, edge.web]) {
    const startedMs = performance.now();
    const { code, reason } = await call(SLOW.path);
    const tookMs = performance.now() - startedMs;
    assert.equal([code, reason], [DEADLINE_EXCEEDED, 'TIMEOUT']);
    assert.ok(tookMs > TIMEOUT_MS + 400 && tookMs < SLOWER_MS, `${tookMs} ms`);
  }
});

test('a stream is not cut short', async () => {
  assert.is((await edge.grpc(WATCH.path)).code, OK);
});

test('thousands of open streams take no call its place', async () => {
  const sessions = Array.from({ length: VIEWERS.connections }, () => connect(`http://${edge.address}`));
  // Only then does a session know how many streams it may open.
  await Promise.all(sessions.map((session) => once(session, 'remoteSettings')));
  const streams = sessions.flatMap((session) => Array.from({ length: VIEWERS.each }, () => callGrpc(session, HOLD.path)));
  const open = () => edge.seen.filter(({ path }) => path === HOLD.path).length;
  await until(() => open() === streams.length).catch(() => assert.unreachable(`${open()} are open`));
  assert.is((await edge.grpc(CLAIM.path)).code, OK);
  letGo();
  for (const { code } of await Promise.all(streams)) assert.is(code, OK);
  for (const session of sessions) session.close();
});

test('a service that is not there is UNAVAILABLE, at once, and may be tried again', async () => {
  for (const call of [edge.grpc, edge.web]) {
    const startedMs = performance.now();
    const { code, reason, mayRetry } = await call(ABSENT.path);
    assert.equal([code, reason, mayRetry], [UNAVAILABLE, 'SERVICE_UNAVAILABLE', true]);
    assert.ok(performance.now() - startedMs < 1_000);
  }
});

test('where one copy is dead the other one answers', async () => {
  for (let call = 0; call < 20; call++) assert.is((await edge.grpc(COPIED.path)).code, OK);
});

test("a process that shows another service's certificate is not called", async () => {
  assert.is((await edge.grpc(FAKED.path)).code, UNAVAILABLE);
  assert.equal(
    edge.seen.filter(({ path }) => path === FAKED.path),
    [],
  );
});

test('reflection, keys, webhooks and the front page go to the gateway, and nothing else', async () => {
  for (const version of ['v1', 'v1alpha']) {
    assert.is((await edge.grpc(`/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`)).code, OK);
    assert.is(edge.seen.at(-1)!.service, 'gateway');
  }
  assert.ok(JSON.parse((await edge.http('/.well-known/jwks.json')).body.toString()).keys.length > 0);
  await edge.http('/');
  await edge.http('/webhooks/sandbox', { method: 'POST', body: Buffer.from('{}'), headers: { 'provider-signature': 'x' } });
  assert.equal(edge.httpSeen, ['GET /', 'POST /webhooks/sandbox']);
  for (const path of ['/healthz', '/webhooks/', '/webhooks/a/b', '/webhooks/%2e%2e/x', '/.well-known/openid-configuration'])
    for (const method of ['GET', 'POST']) assert.is((await edge.http(path, { method })).httpStatus, 404, `${method} ${path}`);
  assert.is((await edge.http('/webhooks/sandbox')).httpStatus, 404);
  assert.is((await edge.http('/webhooks/sandbox', { method: 'POST', body: Buffer.alloc(65 << 10) })).httpStatus, 413);
  assert.is(edge.httpSeen.length, 2);
});

test('each method has figures of its own, and a made-up path has none', async () => {
  await edge.grpc('/moa.made.v1.Up/Path');
  const stats = await (await fetch(`http://127.0.0.1:${edge.adminPort}/stats?filter=grpc`)).text();
  assert.match(stats, /ClaimTicket/);
  assert.not.match(stats, /moa\.made/);
});

test('what cannot be right is not rendered', () => {
  const { edge: good, folder } = edge;
  assert.throws(() => renderEnvoy({ ...good, adminListen: '0.0.0.0:9901' }, folder), /loopback/);
  assert.throws(() => renderEnvoy({ ...good, clusters: {} }, folder), /no address of auth/);
  assert.throws(() => renderEnvoy({ ...good, listen: 'localhost' }, folder), /host:port/);
});

test.run();
