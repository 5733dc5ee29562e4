// What sellers tell of their projects, and who reads it.
import { randomUUID } from 'node:crypto';
import { ProjectUpdatePosted } from '@moa/contracts/funding/v1/funding_events';
import type { Update } from '@moa/contracts/funding/v1/update';
import { openEvents, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bed, closeBed, DAY_MS, liveProject, openFunding, placePledges, refusal, sql } from './support.js';

const events = await openEvents(bed);
const { updates, stop } = await openFunding();

async function project() {
  const { projectId, sellerId, rewardId } = await liveProject();
  return { projectId, rewardId, sellerId, seller: await bed.as(sellerId, 'SELLER') };
}

const telling = (projectId: string, more = {}) => ({
  requestId: randomUUID(),
  projectId,
  title: '공장에 다녀왔습니다',
  body: '# 소식\n사진을 올립니다.',
  imageUrls: ['https://images.example/1.png'],
  backersOnly: false,
  ...more,
});

type Token = Awaited<ReturnType<typeof bed.as>>;
const page = { pageSize: 0, pageToken: '' };
const listed = async (projectId: string, as?: Token) => (await updates.listUpdates({ projectId, ...page }, as)).updates;
const stateOf = (pledgeId: string, state: string) =>
  sql.query(
    `UPDATE pledge SET state = $2, charge_attempts = CASE WHEN $2 IN ('ACTIVE', 'CANCELED', 'RELEASED') THEN 0 ELSE 1 END,
       next_charge_time = CASE WHEN $2 = 'PAYMENT_FAILED' THEN now() + interval '1 day' END WHERE id = $1`,
    [pledgeId, state],
  );

test('what a seller tells is read by everybody, newest first, and announced without its text', async () => {
  const posted = await events.listen(ProjectUpdatePosted);
  const { projectId, sellerId, seller } = await project();
  const first = (await updates.postUpdate(telling(projectId), seller)).update!;
  const second = (await updates.postUpdate(telling(projectId, { title: '둘째' }), seller)).update!;
  const shown = await listed(projectId);
  assert.equal(shown, [second, first]);
  assert.equal(
    [shown[1]!.title, shown[1]!.body, shown[1]!.imageUrls, shown[1]!.withheld],
    ['공장에 다녀왔습니다', '# 소식\n사진을 올립니다.', ['https://images.example/1.png'], false],
  );
  await until(() => posted.filter((event) => event.projectId === projectId).length === 2);
  assert.equal(
    posted.find(({ updateId }) => updateId === first.id),
    { updateId: first.id, projectId, sellerId, createTime: first.createTime },
  );
  const { rows } = await sql.query("SELECT body::text FROM kit.outbox WHERE body::text LIKE '%사진을%' OR body::text LIKE '%공장에%'");
  assert.equal(rows, []);
});

test('the same request tells once', async () => {
  const { projectId, seller } = await project();
  const request = telling(projectId);
  const answers = await Promise.all([1, 2, 3].map(() => updates.postUpdate(request, seller)));
  assert.is(new Set(answers.map(({ update }) => update!.id)).size, 1);
  assert.is((await listed(projectId)).length, 1);
});

test('only the seller tells, of a public project, also when it has ended', async () => {
  const { projectId, seller } = await project();
  assert.is(await refusal(updates.postUpdate(telling(projectId), await bed.as(randomUUID(), 'SELLER'))), 'PROJECT_NOT_FOUND');
  assert.is(await refusal(updates.postUpdate(telling(projectId), await bed.as(randomUUID(), 'ADMIN'))), 'CALLER_NOT_ALLOWED');
  await sql.query("UPDATE project SET state = 'SUCCEEDED' WHERE id = $1", [projectId]);
  await updates.postUpdate(telling(projectId), seller);
  await sql.query("UPDATE project SET state = 'DRAFT', public = false WHERE id = $1", [projectId]);
  assert.is(await refusal(updates.postUpdate(telling(projectId), seller)), 'PROJECT_NOT_PUBLIC');
  assert.is(await refusal(listed(projectId)), 'PROJECT_NOT_FOUND');
  assert.is((await listed(projectId, seller)).length, 1);
});

test('what is for backers only shows its title to others, and all of it to who holds a pledge', async () => {
  const { projectId, rewardId, seller } = await project();
  const another = await project();
  await updates.postUpdate(telling(projectId, { backersOnly: true }), seller);
  await updates.postUpdate(telling(projectId, { title: '모두에게' }), seller);
  const [holder] = await placePledges(1, projectId, rewardId);
  const [elsewhere] = await placePledges(1, another.projectId, another.rewardId);

  const reads = async (as?: Token) => {
    const [forAll, forBackers] = (await listed(projectId, as)) as [Update, Update];
    assert.is(forAll.withheld, false);
    assert.ok(forAll.body);
    assert.is(forBackers.title, '공장에 다녀왔습니다');
    assert.ok(forBackers.backersOnly);
    assert.equal([forBackers.body === '', forBackers.imageUrls.length === 0], [forBackers.withheld, forBackers.withheld]);
    return !forBackers.withheld;
  };
  assert.is(await reads(), false);
  assert.is(await reads(await bed.as(randomUUID())), false);
  assert.is(await reads(await bed.as(elsewhere!.id)), false);
  assert.is(await reads(another.seller), false);
  assert.is(await reads(seller), true);
  assert.is(await reads(await bed.as(randomUUID(), 'ADMIN')), true);
  for (const [state, may] of [
    ['ACTIVE', true],
    ['CHARGING', true],
    ['PAYMENT_FAILED', true],
    ['PAID', true],
    ['REFUNDED', true],
    ['CANCELED', false],
    ['RELEASED', false],
    ['DROPPED', false],
  ] as const) {
    await stateOf(holder!.pledgeId, state);
    assert.is(await reads(await bed.as(holder!.id)), may, state);
  }
});

test('twenty in a day are enough, also when they come at once, and the next day there may be more', async () => {
  const { projectId, seller, sellerId } = await project();
  const outcomes = await Promise.all(
    Array.from({ length: 24 }, () =>
      updates.postUpdate(telling(projectId), seller).then(
        () => 'OK',
        (error) => error,
      ),
    ),
  );
  const refused = outcomes.filter((outcome) => outcome !== 'OK');
  assert.is(refused.length, 4);
  for (const error of refused) assert.is(await refusal(Promise.reject(error)), 'UPDATES_TOO_MANY');
  assert.is((await listed(projectId)).length, 20);
  bed.shiftClock(DAY_MS + 1_000);
  await updates.postUpdate(telling(projectId), await bed.as(sellerId, 'SELLER'));
});

test('each is listed once, while more come in, and a page of long ones fits into a message', async () => {
  const { projectId, seller } = await project();
  const long = '가'.repeat(20_000);
  for (let index = 0; index < 16; index++) await updates.postUpdate(telling(projectId, { title: `${index}`, body: long }), seller);
  const titles: string[] = [];
  let pages = 0;
  let pageToken = '';
  do {
    const { updates: shown, nextPageToken } = await updates.listUpdates({ projectId, pageSize: 100, pageToken });
    assert.ok(shown.length > 0);
    titles.push(...shown.map(({ title }) => title));
    if (pages++ === 0) await updates.postUpdate(telling(projectId, { title: 'late' }), seller);
    pageToken = nextPageToken;
  } while (pageToken);
  assert.equal(
    titles,
    Array.from({ length: 16 }, (_, index) => `${15 - index}`),
  );
  assert.is(pages, 2);
  const other = await project();
  const { nextPageToken } = await updates.listUpdates({ projectId, pageSize: 1, pageToken: '' });
  assert.is(
    await refusal(updates.listUpdates({ projectId: other.projectId, pageSize: 1, pageToken: nextPageToken })),
    'PAGE_TOKEN_INVALID',
  );
});

test('a title there must be, and neither it nor the text may be endless', async () => {
  const { projectId, seller } = await project();
  for (const more of [{ title: '' }, { title: '가'.repeat(101) }, { body: '' }, { body: '가'.repeat(20_001) }, { imageUrls: ['nowhere'] }])
    assert.is(await refusal(updates.postUpdate(telling(projectId, more), seller)), 'REQUEST_INVALID');
});

test.after(async () => {
  await events.close();
  await closeBed(stop);
});
test.run();
