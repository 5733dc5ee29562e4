// The client at the door of a real house: what it makes of retries, tokens, errors and pages.
import { randomUUID } from 'node:crypto';
import { type Moa, MoaError, oauthCallbackOf, pages } from '@moa/client/node';
import pg from 'pg';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { theHouse } from '../house.js';

const house = await theHouse();
const seller = await house.seller();
const backer = await house.person();
const billingMethodId = await house.card(backer);
const funding = new pg.Pool({ connectionString: house.stack.databaseUrls['funding']!, max: 2 });

test('a pledge that meets a killed service is placed once, by the same request', async () => {
  const { projectId, rewardId } = await house.liveProject(seller, { stock: 500 });
  await untilCardIsKnown(projectId, rewardId);
  const before = await countOf(projectId);
  const placing = Array.from({ length: 60 }, (_, n) => placeUntilAnswered(projectId, rewardId, n));
  await house.stack.kill('funding');
  const ids = await Promise.all(placing);
  assert.is(new Set(ids).size, 60);
  assert.is((await countOf(projectId)) - before, 60);
  const { project } = await backer.projects.getProject({ id: projectId });
  assert.is(project!.progress!.pledgeCount, await countOf(projectId));
});

test('a token that is no longer good is renewed in passing', async () => {
  const moa = await house.person();
  const spent = moa.tokens!;
  house.stack.shiftClock(11 * 60_000);
  await moa.users.getMyPage({});
  assert.is.not(moa.tokens!.accessToken, spent.accessToken);
});

test('when the session is over, the caller is told', async () => {
  const moa = await house.person();
  const tokens = moa.tokens!;
  await moa.signOut();
  assert.is(moa.tokens, undefined);
  moa.useTokens(tokens);
  house.stack.shiftClock(11 * 60_000);
  const error = await moa.users.getMyPage({}).catch((thrown) => thrown);
  assert.instance(error, MoaError);
  assert.is(error.code, 16);
});

test('an error tells rpc, reason, facts and what a person may read', async () => {
  const { projectId, rewardId } = await house.liveProject(seller, { stock: 1 });
  const error: MoaError = await backer.pledges
    .createPledge({ projectId, lines: [{ rewardId, quantity: 2 }], billingMethodId })
    .catch((thrown) => thrown);
  assert.is(error.rpc, '/moa.funding.v1.PledgeService/CreatePledge');
  assert.is(error.reason, 'REWARD_SOLD_OUT');
  assert.is(error.domain, 'moa.funding');
  assert.is(error.facts['rewardId'], rewardId);
  assert.match(error.textFor('ko') ?? '', /[가-힣]/);
  assert.ok(error.requestId);
});

test('what Envoy refuses by itself is a MoaError, too', async () => {
  const moa = house.visitor();
  const error: MoaError = await moa.pledges.listMyPledges({}).catch((thrown) => thrown);
  assert.instance(error, MoaError);
  assert.is(error.code, 16);
  const wrongRole: MoaError = await backer.accountAdmin.getAccount({ by: { $case: 'id', value: randomUUID() } }).catch((thrown) => thrown);
  assert.is(wrongRole.code, 7);
});

test('a page passes on what a provider sent its browser back with, and is told when that is worth nothing', async () => {
  const url = 'https://shop.example/callback?code=c&state=s&iss=https%3A%2F%2Fissuer.example';
  const callback = oauthCallbackOf(url);
  assert.equal(callback, { state: 's', outcome: { $case: 'code', value: 'c' }, iss: 'https://issuer.example' });
  assert.equal(oauthCallbackOf('https://shop.example/callback?error=access_denied&state=s'), {
    state: 's',
    outcome: { $case: 'error', value: 'access_denied' },
    iss: '',
  });
  const moa = house.visitor();
  assert.equal((await moa.oauth.listProviders({})).providers, []);
  const error: MoaError = await moa.finishOAuth('of no flow', callback).catch((thrown) => thrown);
  assert.equal([error.reason, moa.tokens], ['OAUTH_REFUSED', undefined]);
});

test('pages go to the end of a list, each item once', async () => {
  const mine = new Set<string>();
  for (let n = 0; n < 5; n++) mine.add((await house.liveProject(seller)).projectId);
  const seen: string[] = [];
  for await (const project of pages(
    (request) => seller.projects.listMyProjects(request),
    { pageSize: 2 },
    ({ projects }) => projects,
  ))
    seen.push(project.id);
  assert.is(new Set(seen).size, seen.length);
  for (const id of mine) assert.ok(seen.includes(id));
});

// As a person would: until there is an answer, always with the same request_id.
async function placeUntilAnswered(projectId: string, rewardId: string, n: number): Promise<string> {
  const request = {
    requestId: randomUUID(),
    projectId,
    lines: [{ rewardId, quantity: 1 }],
    extra: { currencyCode: 'KRW', amountMinor: BigInt(n) },
    billingMethodId,
  };
  for (;;) {
    try {
      return (await backer.pledges.createPledge(request)).pledge!.id;
    } catch (error) {
      if (!(error instanceof MoaError && [4, 14].includes(error.code))) throw error;
    }
  }
}

async function untilCardIsKnown(projectId: string, rewardId: string): Promise<void> {
  for (;;) {
    const error = await place(backer).catch((thrown) => thrown);
    if (!(error instanceof MoaError)) return;
    if (error.reason !== 'BILLING_METHOD_UNKNOWN') throw error;
  }
  function place(moa: Moa) {
    return moa.pledges.createPledge({ projectId, lines: [{ rewardId, quantity: 1 }], billingMethodId });
  }
}

async function countOf(projectId: string): Promise<number> {
  const { rows } = await funding.query<{ count: number }>('SELECT count(*)::integer AS count FROM pledge WHERE project_id = $1', [
    projectId,
  ]);
  return rows[0]!.count;
}

test.after(() => funding.end());
test.run();
