import { listRpcs } from '@moa/contracts/descriptors';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openEdge, pathWith } from './support/edge.js';

const [OK, RESOURCE_EXHAUSTED] = [0, 8];
const PUBLIC = pathWith('public');
const SIGNED_IN = pathWith('signedIn');
const BURST = 5;

// Few at once, and none afterwards for as long as a test takes.
const rpcs = listRpcs().map((rpc) => ({ ...rpc, rate: { perMinute: 1, burst: BURST } }));
const edge = await openEdge({ rpcs, rateFactor: 1 });
test.after(() => edge.close());

/** The codes of this many calls, one after the other. */
async function codesOf(calls: number, call: () => Promise<{ code: number | undefined }>) {
  const codes: (number | undefined)[] = [];
  for (let index = 0; index < calls; index++) codes.push((await call()).code);
  return codes;
}

const twoTooMany = [...Array(BURST).fill(OK), RESOURCE_EXHAUSTED, RESOURCE_EXHAUSTED];

test('an account is stopped at its limit, and another one from the same address is not', async () => {
  const [first, second] = [await edge.token({ sub: 'first' }), await edge.token({ sub: 'second' })];
  assert.equal(await codesOf(BURST + 2, () => edge.grpc(SIGNED_IN, { token: first })), twoTooMany);
  assert.equal(await codesOf(BURST + 2, () => edge.grpc(SIGNED_IN, { token: second })), twoTooMany);
});

test('a new token of the same account does not start over', async () => {
  for (const [index, code] of twoTooMany.entries()) {
    const token = await edge.token({ sub: 'third', claims: { jti: String(index) } });
    assert.is((await edge.grpc(SIGNED_IN, { token })).code, code);
  }
});

test('strangers share the limit of their address, whatever they say it is', async () => {
  const codes = await codesOf(BURST + 2, () =>
    edge.web(PUBLIC, { headers: { 'x-forwarded-for': `10.0.0.${Math.floor(Math.random() * 255)}` } }),
  );
  assert.equal(codes, twoTooMany);
});

test('an account on a public RPC has a limit of its own there', async () => {
  const token = await edge.token({ sub: 'fourth' });
  assert.equal(await codesOf(BURST + 2, () => edge.web(PUBLIC, { token })), twoTooMany);
});

test('gRPC and gRPC-Web hear the same: RESOURCE_EXHAUSTED, why, and that waiting helps', async () => {
  const token = await edge.token({ sub: 'fifth' });
  await codesOf(BURST, () => edge.grpc(SIGNED_IN, { token }));
  for (const call of [edge.grpc, edge.web]) {
    const { httpStatus, code, reason, mayRetry } = await call(SIGNED_IN, { token });
    assert.equal([httpStatus, code, reason, mayRetry], [200, RESOURCE_EXHAUSTED, 'CALLED_TOO_OFTEN', true]);
  }
});

test('what is stopped by a limit does not reach its service', async () => {
  const token = await edge.token({ sub: 'sixth' });
  const before = edge.seen.length;
  await codesOf(BURST + 20, () => edge.grpc(SIGNED_IN, { token }));
  assert.is(edge.seen.length - before, BURST);
});

test.run();
