import { once } from 'node:events';
import { type Client, type ServiceError, status } from '@grpc/grpc-js';
import { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import { openTestbed, until } from '@moa/testkit';
import { service as healthService } from 'grpc-health-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openHost } from '../src/index.js';
import { configAs, errorOf, gate, implement, openChannel, openTallies } from './support.js';

const bed = await openTestbed('host');
const SERVICE = 'moa.auth.v1.AuthService';
const signInRequest = { email: 'someone@moa.test', password: 'secret', device: '' };

async function startAuth(drainMs: number, signIn: () => Promise<void> = async () => {}) {
  const host = await openHost('auth', { ...(await configAs(bed, 'auth')), DRAIN_MS: drainMs });
  host.serve(
    AuthServiceDefinition,
    implement(AuthServiceDefinition, {
      async signIn() {
        await signIn();
        return { tokens: undefined, account: undefined, secondFactorChallenge: '' };
      },
    }),
  );
  return { host, running: await host.listen() };
}

/** What the health service says, as orchestrators ask it. */
function healthOf(client: Client, name: string): Promise<string> {
  const { path, requestSerialize, responseDeserialize } = healthService['check' as never] ?? healthService['Check']!;
  return new Promise((resolve, reject) =>
    client.makeUnaryRequest(
      path,
      requestSerialize as never,
      responseDeserialize as never,
      { service: name },
      (error: ServiceError | null, response?: { status: string }) => (error ? reject(error) : resolve(response!.status)),
    ),
  );
}

test('a service says that it is ready, as a whole and by contract, and knows no other', async () => {
  const { running } = await startAuth(0);
  const client = openChannel(bed, running.address);
  for (const name of ['', SERVICE]) assert.is(await healthOf(client, name), 'SERVING');
  const error = await healthOf(client, 'moa.funding.v1.PledgeService').catch((refusal) => refusal);
  assert.is(error.code, status.NOT_FOUND);
  client.close();
  await running.stop();
});

test('a stopping service first says so, and goes on answering while it drains', async () => {
  const { opened, open } = gate();
  let held = 0;
  const { running } = await startAuth(1_000, () => (held++ === 0 ? opened : Promise.resolve()));
  const client = openChannel(bed, running.address);
  const auth = bed.connect(AuthServiceDefinition, running.address);
  const inFlight = auth.signIn(signInRequest);
  await until(() => held === 1);
  const stopped = running.stop();
  await until(async () => (await healthOf(client, '')) === 'NOT_SERVING');
  assert.is(await healthOf(client, SERVICE), 'NOT_SERVING');
  await auth.signIn(signInRequest);
  open();
  await inFlight;
  await stopped;
  client.close();
});

test('calls at hand are finished before a service is gone, and then nobody answers', async () => {
  const { opened, open } = gate();
  let held = 0;
  const { running } = await startAuth(0, () => {
    held++;
    return opened;
  });
  const auth = bed.connect(AuthServiceDefinition, running.address);
  const inFlight = Array.from({ length: 20 }, () => auth.signIn(signInRequest));
  await until(() => held === 20);
  let isStopped = false;
  const stopped = running.stop().then(() => {
    isStopped = true;
  });
  const late = bed.connect(AuthServiceDefinition, running.address);
  await until(() =>
    late.signIn(signInRequest).then(
      () => false,
      (error) => error.code === status.UNAVAILABLE,
    ),
  );
  assert.not.ok(isStopped);
  open();
  await Promise.all(inFlight);
  await stopped;
});

test('what was opened last is closed first, after jobs and calls have ended', async () => {
  const order: string[] = [];
  const { host, running } = await startAuth(0);
  host.onStop(() => void order.push('first opened'));
  host.onStop(async () => {
    await new Promise(setImmediate);
    order.push('last opened');
  });
  const { opened, open } = gate();
  host.job('slow', 1_000, async ({ signal }) => {
    await once(signal, 'abort');
    await opened;
    order.push('job');
  });
  const stopped = running.stop();
  open();
  await stopped;
  assert.equal(order, ['job', 'last opened', 'first opened']);
});

test('production refuses a shifted clock', async () => {
  const config = { ...(await configAs(bed, 'auth')), NODE_ENV: 'production' };
  assert.match((await errorOf(openHost('auth', config))).message, 'CLOCK_FILE');
});

test('a port that is taken is told', async () => {
  const { running } = await startAuth(0);
  const host = await openHost('auth', { ...(await configAs(bed, 'auth')), LISTEN: running.address });
  host.serve(AuthServiceDefinition, implement(AuthServiceDefinition, {}));
  const error = await host.listen().catch((refusal) => refusal);
  assert.match(error.message, 'EADDRINUSE');
  await running.stop();
});

test('a service without what it needs says which variable is missing', async () => {
  const { DATABASE_URL, NATS_URL, ...bare } = await configAs(bed, 'auth');
  const host = await openHost('auth', bare);
  assert.throws(() => openTallies(host), /DATABASE_URL/);
  const error = await host.relay({} as never).catch((refusal) => refusal);
  assert.match(error.message, 'NATS_URL');
});

test.after(bed.close);
test.run();
