// Streams at the door of a real house: over gRPC and over gRPC-Web, for as long as somebody watches.
import { type Moa, MoaError } from '@moa/client/node';
import { connectMoa as connectWeb } from '@moa/client/web';
import { Project_Phase } from '@moa/contracts/funding/v1/project';
import { until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { theHouse } from '../house.js';

const MINUTE_MS = 60_000;

const house = await theHouse();
const seller = await house.seller();
const backer = await house.person();
const billingMethodId = await house.card(backer);

type Watching = Pick<Moa, 'projects'>;

/** Watches in the background, as a program would. */
function watch({ projects }: Watching, id: string) {
  const stop = new AbortController();
  const percents: number[] = [];
  const ended = (async () => {
    for await (const { progress, phase } of projects.watchProject({ id }, { signal: stop.signal })) {
      percents.push(progress!.percent);
      if (phase === Project_Phase.PHASE_ENDED_WITHOUT_SUCCESS) percents.push(-1);
    }
    return 'OK';
  })().catch((error: Error) => (error instanceof MoaError ? `${error.code} ${error.reason}` : error.name));
  return { percents, ended, stop: () => stop.abort() };
}

const web = () => connectWeb(house.stack.publicUrl);

async function pledge(projectId: string, rewardId: string): Promise<void> {
  const request = { projectId, lines: [{ rewardId, quantity: 1 }], billingMethodId };
  await until(() => backer.pledges.createPledge(request));
}

test('a pledge is seen by who watches over gRPC and over gRPC-Web, and the end ends the stream', async () => {
  const { projectId, rewardId } = await house.liveProject(seller);
  const viewers = [watch(house.visitor(), projectId), watch(web(), projectId), watch(backer, projectId)];
  await until(() => viewers.every(({ percents }) => percents.includes(0)));
  await pledge(projectId, rewardId);
  await until(() => viewers.every(({ percents }) => percents.includes(30)));
  await seller.projects.cancelProject({ id: projectId, reason: '그만둡니다' });
  for (const { ended, percents } of viewers) {
    assert.is(await ended, 'OK');
    assert.is(percents.at(-1), -1);
  }
});

test('who watches goes on by itself when the service is killed, and when the token has expired', async () => {
  const { projectId, rewardId } = await house.liveProject(seller);
  const viewers = [watch(house.visitor(), projectId), watch(web(), projectId), watch(backer, projectId)];
  await until(() => viewers.every(({ percents }) => percents.includes(0)));
  await house.stack.kill('funding');
  await pledge(projectId, rewardId);
  await until(() => viewers.every(({ percents }) => percents.includes(30)), MINUTE_MS);
  house.stack.shiftClock(11 * MINUTE_MS);
  await pledge(projectId, rewardId);
  await until(() => viewers.every(({ percents }) => percents.includes(60)), MINUTE_MS);
  for (const { stop } of viewers) stop();
  for (const { ended } of viewers) assert.is(await ended, 'AbortError');
});

test('a project that is not there, or a bad id, is told as it is to every call', async () => {
  const missing = '00000000-0000-4000-8000-000000000000';
  for (const moa of [house.visitor(), web()]) {
    assert.is(await watch(moa, missing).ended, '5 PROJECT_NOT_FOUND');
    assert.is(await watch(moa, 'x').ended, '3 REQUEST_INVALID');
  }
});

test.run();
