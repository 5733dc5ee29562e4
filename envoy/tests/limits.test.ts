import { connect } from 'node:http2';
import { listRpcs } from '@moa/contracts/descriptors';
import { callGrpc, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PARTNER_RATES } from '../src/limits.js';
import { openEdge } from './support/edge.js';

const [OK, RESOURCE_EXHAUSTED] = [0, 8];
const [PUBLIC = '', OTHER_PUBLIC = '', THIRD_PUBLIC = ''] = listRpcs()
  .filter(({ access, rate }) => access.$case === 'public' && !rate?.byAddress)
  .map(({ path }) => path);
const { path: SIGNED_IN } = listRpcs().find(({ access }) => access.$case === 'signedIn')!;
const BURST = 5;
const AT_ONCE = 50;
const SECONDS_TO_NEXT = 60;

const BY_ADDRESS = '/moa.auth.v1.AuthService/SignIn';
const ALSO_BY_ADDRESS = '/moa.auth.v1.AuthService/SignUp';

// Few at once, and none afterwards for as long as a test takes.
const rpcs = listRpcs().map((rpc) => ({ ...rpc, rate: { perMinute: 1, burst: BURST, byAddress: rpc.rate?.byAddress ?? false } }));
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

test('gRPC and gRPC-Web hear the same: RESOURCE_EXHAUSTED, why, and how long to wait', async () => {
  const token = await edge.token({ sub: 'fifth' });
  await codesOf(BURST, () => edge.grpc(SIGNED_IN, { token }));
  for (const call of [edge.grpc, edge.web]) {
    const { httpStatus, code, reason, retryAfterS } = await call(SIGNED_IN, { token });
    assert.equal([httpStatus, code, reason, retryAfterS], [200, RESOURCE_EXHAUSTED, 'CALLED_TOO_OFTEN', SECONDS_TO_NEXT]);
  }
});

test('sign-in and sign-up are counted for the address: a token, or one more, gives no second bucket', async () => {
  for (const path of [BY_ADDRESS, ALSO_BY_ADDRESS]) {
    const token = await edge.token({ sub: 'guesser' });
    const callers = [
      {},
      { token },
      { token: await edge.token({ sub: 'guesser too' }) },
      { token: await partner('low', 'guessing partner') },
    ];
    const codes: (number | undefined)[] = [];
    for (let call = 0; call < BURST + 2; call++) codes.push((await edge.grpc(path, callers[call % callers.length]!)).code);
    assert.equal(codes, twoTooMany);
  }
});

test('the keys and the front page are counted for the address, whatever is shown as a token', async () => {
  const callMany = () =>
    Promise.all(Array.from({ length: AT_ONCE }, (_, call) => edge.http('/', { token: ['a.b.c', 'd.e.f'][call % 2]! })));
  const statuses = new Set<number>();
  await until(async () => {
    for (const { httpStatus } of await callMany()) statuses.add(httpStatus!);
    return statuses.has(429);
  });
  assert.equal([...statuses].toSorted(), [200, 429]);
});

const partner = (rate: string, sub: string) => edge.token({ sub, roles: ['PARTNER'], claims: { rate } });

/** How many of so many calls, to one RPC and another by turns, were let through. */
async function letThrough(calls: number, token: string): Promise<number> {
  const paths = [PUBLIC, OTHER_PUBLIC, THIRD_PUBLIC];
  const session = connect(`http://${edge.address}`);
  let [next, passed] = [0, 0];
  const keepCalling = async () => {
    for (let call = next++; call < calls; call = next++) {
      const { code, reason } = await callGrpc(session, paths[call % paths.length]!, { token });
      assert.ok(code === OK || reason === 'CALLED_TOO_OFTEN', `${code} ${reason}`);
      if (code === OK) passed++;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, keepCalling));
  session.close();
  return passed;
}

test('a partner has one bucket over all RPCs, of the size of its rate, and not those of the RPCs', async () => {
  for (const [rate, { burst }] of Object.entries(PARTNER_RATES)) {
    const token = await partner(rate, `partner of ${rate}`);
    assert.is(await letThrough(burst, token), burst);
    // It fills again while they call: how many more come through depends on how fast they are.
    await until(async () => (await letThrough(burst, token)) < burst);
  }
});

test('another partner of the same rate has another bucket, and another token of the same one has not', async () => {
  await letThrough(60, await partner('low', 'greedy'));
  assert.ok((await letThrough(20, await edge.token({ sub: 'greedy', roles: ['PARTNER'], claims: { rate: 'low', jti: '2' } }))) < 20);
  assert.is(await letThrough(20, await partner('low', 'modest')), 20);
});

test('a partner is told when it may call again', async () => {
  const token = await partner('low', 'hasty');
  await letThrough(60, token);
  const { reason, retryAfterS } = await edge.grpc(PUBLIC, { token });
  assert.equal([reason, retryAfterS! >= 1], ['CALLED_TOO_OFTEN', true]);
});

test('what is stopped by a limit does not reach its service', async () => {
  const token = await edge.token({ sub: 'sixth' });
  const before = edge.seen.length;
  await codesOf(BURST + 20, () => edge.grpc(SIGNED_IN, { token }));
  assert.is(edge.seen.length - before, BURST);
});

test.run();
