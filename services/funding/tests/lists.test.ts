import { randomUUID } from 'node:crypto';
import { Project_Phase } from '@moa/contracts/funding/v1/project';
import { ListProjectsRequest_Order as Order } from '@moa/contracts/funding/v1/project_service';
import { until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Phase, phaseOf } from '../src/domain/project.js';
import { backer, bed, closeBed, HOUR_MS, liveProject, openFunding, placePledges, pledgeOf, refusal, sql } from './support.js';

const { projects, pledges, stop } = await openFunding();

/** Reads a list to its end, and does something between pages. */
async function walk<T>(
  read: (pageToken: string) => Promise<{ items: T[]; nextPageToken: string }>,
  between: () => Promise<unknown> = async () => {},
) {
  const all: T[] = [];
  for (let pageToken = ''; ; await between()) {
    const { items, nextPageToken } = await read(pageToken);
    all.push(...items);
    if (nextPageToken === '') return all;
    pageToken = nextPageToken;
  }
}

const publicIds = (filter: { category?: string; phase?: Project_Phase; order?: Order }, between?: () => Promise<unknown>) =>
  walk(async (pageToken) => {
    const request = { category: '', phase: 0, order: 0, titleContains: '', ...filter, pageSize: 3, pageToken } as const;
    const { projects: items, nextPageToken } = await projects.listProjects(request);
    return { items: items.map(({ id }) => id), nextPageToken };
  }, between);

async function inCategory(count: number) {
  const category = randomUUID().slice(0, 8);
  const ids: string[] = [];
  for (let index = 0; index < count; index++) {
    const { projectId } = await liveProject({ closeInMs: (index + 1) * HOUR_MS });
    await sql.query('UPDATE project SET category = $2, raised_minor = $3 WHERE id = $1', [projectId, category, (index % 5) * 1_000]);
    ids.push(projectId);
  }
  return { category, ids };
}

test('every order shows every project once, also while others come in', async () => {
  const { category, ids } = await inCategory(11);
  await until(async () => (await sql.query('SELECT FROM project WHERE popularity <> raised_minor')).rowCount === 0);
  const another = async () => {
    const { projectId } = await liveProject();
    await sql.query('UPDATE project SET category = $2 WHERE id = $1', [projectId, category]);
  };
  for (const order of [Order.ORDER_NEWEST, Order.ORDER_ENDING_SOON, Order.ORDER_POPULAR]) {
    const shown = await publicIds({ category, order }, another);
    assert.is(new Set(shown).size, shown.length);
    for (const id of ids) assert.ok(shown.includes(id), `${order}`);
  }
});

test('ending soon is by close time, and popular by what was raised', async () => {
  const { category, ids } = await inCategory(7);
  await until(async () => (await sql.query('SELECT FROM project WHERE popularity <> raised_minor')).rowCount === 0);
  assert.equal(await publicIds({ category, order: Order.ORDER_ENDING_SOON }), ids);
  const popular = await publicIds({ category, order: Order.ORDER_POPULAR });
  assert.equal(
    popular.map((id) => ids.indexOf(id) % 5),
    [4, 3, 2, 1, 1, 0, 0],
  );
});

test('a token is good for its own list only', async () => {
  const { category } = await inCategory(4);
  const request = { category, phase: 0, order: 0, titleContains: '', pageSize: 3, pageToken: '' } as const;
  const { nextPageToken } = await projects.listProjects(request);
  assert.is(await refusal(projects.listProjects({ ...request, category: '', pageToken: nextPageToken })), 'PAGE_TOKEN_INVALID');
  assert.is(await refusal(projects.listProjects({ ...request, pageToken: 'x' })), 'PAGE_TOKEN_INVALID');
});

test('lists by phase agree with the phase of each', async () => {
  const category = randomUUID().slice(0, 8);
  const past = bed.now();
  for (const [state, kind, raised, ended] of [
    ['SCHEDULED', 'ALL_OR_NOTHING', 0, false],
    ['LIVE', 'ALL_OR_NOTHING', 999, false],
    ['LIVE', 'ALL_OR_NOTHING', 1_000, false],
    ['CHARGING', 'ALL_OR_NOTHING', 1_000, true],
    ['SUCCEEDED', 'KEEP_WHAT_YOU_RAISE', 5, true],
    ['FAILED', 'ALL_OR_NOTHING', 5, true],
    ['CANCELED', 'ALL_OR_NOTHING', 5, false],
  ] as const) {
    const { projectId } = await liveProject({ goalMinor: 1_000, kind });
    await sql.query(
      "UPDATE project SET category = $2, state = $3, raised_minor = $4, close_time = CASE WHEN $5 THEN $6 ELSE close_time END, start_time = start_time + CASE WHEN $3 = 'SCHEDULED' THEN interval '2 days' ELSE interval '-2 days' END WHERE id = $1",
      [projectId, category, state, raised, ended, past],
    );
  }
  const { rows } = await sql.query(
    'SELECT id, kind, state, public, raised_minor::integer, goal_minor::integer, close_time FROM project WHERE category = $1',
    [category],
  );
  const derived = new Map<string, Phase>(
    rows.map((row) => [
      row.id,
      phaseOf({ ...row, raisedMinor: BigInt(row.raised_minor), goalMinor: BigInt(row.goal_minor), closeTime: row.close_time }, bed.now()),
    ]),
  );
  let shown = 0;
  for (const phase of ['UPCOMING', 'IN_PROGRESS', 'GOAL_MET', 'ENDED_WITH_SUCCESS', 'ENDED_WITHOUT_SUCCESS'] as const) {
    for (const id of await publicIds({ category, phase: Project_Phase[`PHASE_${phase}`] })) {
      shown++;
      assert.is(derived.get(id), phase);
    }
  }
  assert.is(shown, rows.length);
  assert.is((await publicIds({ category })).length, rows.length);
  assert.is(await refusal(publicIds({ phase: Project_Phase.PHASE_HIDDEN })), 'REQUEST_INVALID');
});

test('pledges of a backer come newest first, those of a project oldest first, each once, while more come in', async () => {
  const { projectId, rewardId, sellerId } = await liveProject();
  const who = await backer();
  const token = await bed.as(who.id);
  for (let count = 0; count < 7; count++) await pledges.createPledge(pledgeOf(who, projectId, rewardId), token);
  const { rows } = await sql.query('SELECT id FROM pledge WHERE project_id = $1 ORDER BY id', [projectId]);
  const oldestFirst = rows.map(({ id }) => id as string);
  const more = () => placePledges(1, projectId, rewardId);

  const mine = await walk(async (pageToken) => {
    const { pledges: items, nextPageToken } = await pledges.listMyPledges({ pageSize: 3, pageToken }, token);
    return { items: items.map(({ id }) => id), nextPageToken };
  }, more);
  assert.equal(mine, [...oldestFirst].reverse());

  const seller = await bed.as(sellerId, 'SELLER');
  const all = await walk(async (pageToken) => {
    const { pledges: items, nextPageToken } = await pledges.listProjectPledges({ projectId, pageSize: 3, pageToken }, seller);
    return { items: items.map(({ id }) => id), nextPageToken };
  });
  assert.is(new Set(all).size, all.length);
  assert.equal(all.slice(0, 7), oldestFirst);
});

test('a list has no story, and a page its size', async () => {
  const { category } = await inCategory(2);
  await sql.query("UPDATE project SET story = 'lang' WHERE category = $1", [category]);
  const { projects: shown } = await projects.listProjects({ category, phase: 0, order: 0, pageSize: 0, pageToken: '', titleContains: '' });
  assert.equal(
    shown.map(({ story, rewards }) => [story, rewards.length]),
    [
      ['', 1],
      ['', 1],
    ],
  );
  assert.is(
    await refusal(projects.listProjects({ category, phase: 0, order: 0, pageSize: 101, pageToken: '', titleContains: '' })),
    'REQUEST_INVALID',
  );
});

test('a seller sees all of the own projects, and admins what waits for review, oldest first', async () => {
  const sellerId = randomUUID();
  const ids: string[] = [];
  for (let count = 0; count < 5; count++) {
    const { projectId } = await liveProject();
    await sql.query("UPDATE project SET seller_id = $2, state = 'IN_REVIEW', public = false, submit_time = $3 WHERE id = $1", [
      projectId,
      sellerId,
      new Date(bed.now().getTime() - count * HOUR_MS),
    ]);
    ids.push(projectId);
  }
  const [seller, admin] = [await bed.as(sellerId, 'SELLER'), await bed.as(randomUUID(), 'ADMIN')];
  const own = await walk(async (pageToken) => {
    const { projects: items, nextPageToken } = await projects.listMyProjects({ pageSize: 2, pageToken }, seller);
    return { items: items.map(({ id }) => id), nextPageToken };
  });
  assert.equal(own, [...ids].sort().reverse());
  const waiting = await walk(async (pageToken) => {
    const { projects: items, nextPageToken } = await projects.listProjectsInReview({ pageSize: 2, pageToken }, admin);
    return { items: items.map(({ id }) => id), nextPageToken };
  });
  assert.equal(waiting, [...ids].reverse());
});

test.after(() => closeBed(stop));
test.run();
