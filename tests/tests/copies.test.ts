// Two copies of some services behind Envoy: they share the work, and restarts and new certificates under load cost no call.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import { until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openHouse } from './house.js';

const house = await openHouse({ copies: { funding: 2, payment: 2, user: 2 } });
const { stack } = house;
const seller = await house.seller();
const backer = await house.person();
const { accessToken } = backer.tokens!;

const LIST_PROJECTS = '/moa.funding.v1.ProjectService/ListProjects';
const LIST_MY_PLEDGES = '/moa.funding.v1.PledgeService/ListMyPledges';
const CALLERS = 2;
// Between two calls of a caller, so that what is restarted gets the processor, too.
const BREATH_MS = 10;
// What a consumer held when it was killed is delivered again after its time to acknowledge.
const EVENT_WITHIN_MS = 30_000;

/** One call without any second try, over gRPC-Web: throws unless it is answered OK. */
async function call(path: string, token?: string): Promise<void> {
  const response = await fetch(`${stack.publicUrl}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/grpc-web+proto', 'x-grpc-web': '1', ...(token && { authorization: `Bearer ${token}` }) },
    // An empty message: no flags, no bytes.
    body: new Uint8Array(5),
  });
  const trailers = Buffer.from(await response.arrayBuffer()).toString('latin1');
  const status = response.headers.get('grpc-status') ?? /grpc-status: ?(\d+)/.exec(trailers)?.[1];
  if (status !== '0') throw new Error(`${path}: HTTP ${response.status}, gRPC ${status} ${response.headers.get('grpc-message')}`);
}

/** A webhook goes from the gateway to payment, which refuses this one: 400. It would be 503 if payment had not been reached. */
async function callThroughGateway(): Promise<void> {
  const { status } = await fetch(`${stack.publicUrl}/webhooks/sandbox`, { method: 'POST', body: '{}' });
  if (status !== 400) throw new Error(`webhook: HTTP ${status}`);
}

/** Calls in closed loops while `work` is done, and gives how many calls there were, all of which went well. */
async function callWhile(work: () => Promise<void>): Promise<number> {
  const done = new AbortController();
  let calls = 0;
  const keepCalling = async (one: () => Promise<void>) => {
    for (; !done.signal.aborted; calls++) {
      await one();
      await sleep(BREATH_MS);
    }
  };
  const kinds = [() => call(LIST_PROJECTS), () => call(LIST_MY_PLEDGES, accessToken), callThroughGateway];
  const callers = kinds.flatMap((one) => Array.from({ length: CALLERS }, () => keepCalling(one)));
  await Promise.all([...callers, work().finally(() => done.abort())]);
  return calls;
}

const pidOf = (name: string) => stack.status().find((status) => status.name === name)?.pid;

/** Whether a process has finished a call of a kind, by its own figures. */
async function hasAnswered(name: string, path: string): Promise<boolean> {
  const text = await (await fetch(`http://${stack.addresses[name]!.metrics}/metrics`)).text();
  return text.split('\n').some((line) => line.startsWith('moa_rpc_seconds_count') && line.includes(path));
}

test('copies are processes of their own, with the same name in their certificates, and both answer', async () => {
  assert.is.not(pidOf('funding'), pidOf('funding-2'));
  await until(async () => {
    await call(LIST_PROJECTS);
    return (await hasAnswered('funding', LIST_PROJECTS)) && (await hasAnswered('funding-2', LIST_PROJECTS));
  });
});

test('a rolling restart under load loses no call, at the door and between services', async () => {
  for (const service of ['funding', 'payment']) {
    const before = [pidOf(service), pidOf(`${service}-2`)];
    const calls = await callWhile(() => stack.restart(service));
    assert.ok(calls > 100, `${calls} calls`);
    for (const pid of [pidOf(service), pidOf(`${service}-2`)]) assert.not(before.includes(pid));
    console.log(`\n» ${calls} calls during the rolling restart of ${service}, none lost`);
  }
});

test('one copy can be restarted by its own name', async () => {
  const [first, second] = [pidOf('funding'), pidOf('funding-2')];
  assert.ok((await callWhile(() => stack.restart('funding-2'))) > 0);
  assert.is(pidOf('funding'), first);
  assert.is.not(pidOf('funding-2'), second);
});

test('new certificates under load are taken up by everybody, and cost no call', async () => {
  const calls = await callWhile(async () => {
    await stack.renewCertificates();
    await until(async () => {
      for (const name of ['auth', 'funding', 'payment-2', 'user-2'])
        if ((await shownBy(name)) !== readFileSync(join(stack.certificates, name.split('-')[0]!, 'cert.pem'), 'utf8').trim()) return false;
      return true;
    });
  });
  assert.ok(calls > 100, `${calls} calls`);
  console.log(`\n» ${calls} calls during the renewal of certificates, none lost`);
});

test('events reach their consumers while the copy that publishes and one that consumes are killed', async () => {
  const { projectId, rewardId } = await house.liveProject(seller);
  const billingMethodId = await house.card(backer);
  await Promise.all([stack.kill('payment'), stack.kill('user-2')]);
  // Funding hears of the card by event, My Page of the pledge.
  await until(() => backer.pledges.createPledge({ projectId, lines: [{ rewardId, quantity: 1 }], billingMethodId }), EVENT_WITHIN_MS);
  await until(async () => (await backer.users.getMyPage({})).pledges?.totalCount === 1, EVENT_WITHIN_MS);
  // The house is closed whole.
  await Promise.all([stack.isUp('payment'), stack.isUp('user-2')]);
});

/** The certificate that a process shows. */
function shownBy(name: string): Promise<string> {
  const read = (file: string) => readFileSync(join(stack.certificates, 'stack', file));
  const [host, port] = stack.addresses[name]!.grpc.split(':');
  return new Promise((resolve, reject) => {
    const tls = { ca: read('ca.pem'), cert: read('cert.pem'), key: read('key.pem'), servername: 'localhost', ALPNProtocols: ['h2'] };
    const socket = connect({ host: host!, port: Number(port), ...tls }, () => {
      resolve(socket.getPeerX509Certificate()!.toString().trim());
      socket.destroy();
    }).once('error', reject);
  });
}

test.after(() => house.close());
test.run();
