// Projects by a part of their title.
import { randomUUID } from 'node:crypto';
import { ListProjectsRequest_Order as Order } from '@moa/contracts/funding/v1/project_service';
import { PLANNING } from '@moa/kit';
import { until } from '@moa/testkit';
import pg from 'pg';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Prisma } from '../src/generated/client.js';
import type { Queries } from '../src/store/database.js';
import { type Order as ListOrder, listPublicProjects, type PublicList } from '../src/store/project-lists.js';
import { bed, closeBed, DAY_MS, HOUR_MS, liveProject, openFunding, refusal, sql } from './support.js';

// Plans as the service does.
const planner = new pg.Pool({ connectionString: await bed.databaseUrl('funding'), max: 1, options: PLANNING });
const { projects, stop } = await openFunding();
const MIDDLE_ID = '80000000-0000-0000-0000-000000000000';
const BLOCKS_AT_MOST = 20_000;
const ORDERS = [Order.ORDER_NEWEST, Order.ORDER_ENDING_SOON, Order.ORDER_POPULAR] as const;

async function titled(title: string, category = randomUUID().slice(0, 8), more: Parameters<typeof liveProject>[0] = {}) {
  const { projectId } = await liveProject(more);
  await sql.query('UPDATE project SET title = $2, category = $3 WHERE id = $1', [projectId, title, category]);
  return { id: projectId, category };
}

const request = { category: '', phase: 0, order: Order.ORDER_NEWEST, pageSize: 100, pageToken: '', titleContains: '' } as const;
const found = async (titleContains: string, more = {}) =>
  (await projects.listProjects({ ...request, ...more, titleContains })).projects.map(({ id }) => id);

for (const [title, parts, others] of [
  ['달빛을 담은 조명', ['달', '빛', '달빛', '빛을', '담은 조', '달빛을 담은 조명', '  조명 '], ['달빛 담은', '조명을', '명조']],
  ['모아 BOOK Light 2', ['book', 'Book', 'LIGHT', 'k l', 'K L', '모아 b', ' light 2'], ['booklight', 'lite']],
  ['100% 면_셔츠 \\ 특별판', ['100%', '%', '면_셔', '_', '\\', '% 면'], ['100_', '면%셔츠', '면셔', "'"]],
  ['Été à la Plage', ['été', 'ÉTÉ', 'À LA'], ['ete']],
  ["Nina's 'mug' \"s\"", ["nina's", `'MUG' "`], ['ninas']],
] as const) {
  test(`"${title}" is found by its parts, and by nothing else`, async () => {
    const { id } = await titled(title);
    for (const part of parts) assert.ok((await found(part)).includes(id), part);
    for (const other of others) assert.not.ok((await found(other)).includes(id), other);
  });
}

test('it makes no difference how a letter was typed', async () => {
  const decomposed = await titled('한글 서체'.normalize('NFD'));
  const composed = await titled('한글 서체'.normalize('NFC'));
  for (const part of ['한글', '글 서'])
    for (const form of ['NFC', 'NFD'])
      for (const { id } of [composed, decomposed]) assert.ok((await found(part.normalize(form))).includes(id), `${part} ${form}`);
});

test('nothing but spaces is no filter, and more than a title is refused', async () => {
  const { category } = await titled('어떤 것');
  assert.is((await found('   ', { category })).length, 1);
  assert.is(await refusal(found('가'.repeat(101))), 'REQUEST_INVALID');
});

test('a title that was changed is found by the new one only', async () => {
  const { id, category } = await titled('옛 이름');
  await sql.query("UPDATE project SET title = '새 제목' WHERE id = $1", [id]);
  assert.equal(await found('새 제목', { category }), [id]);
  assert.equal(await found('옛 이름', { category }), []);
});

test('what is not public is found by nobody', async () => {
  const { id, category } = await titled('숨은 프로젝트');
  await sql.query("UPDATE project SET public = false, state = 'DRAFT' WHERE id = $1", [id]);
  assert.equal(await found('숨은', { category }), []);
});

test('each order shows each match once, page by page, within category and phase', async () => {
  const category = randomUUID().slice(0, 8);
  const ids: string[] = [];
  for (let index = 0; index < 9; index++) {
    const { id } = await titled(index % 2 ? `가죽 지갑 ${index}` : `도자기 ${index}`, category, { closeInMs: (index + 1) * HOUR_MS });
    await sql.query('UPDATE project SET raised_minor = $2 WHERE id = $1', [id, index * 1_000]);
    if (index % 2) ids.push(id);
  }
  await titled('가죽 지갑');
  await until(async () => (await sql.query('SELECT FROM project WHERE popularity <> raised_minor')).rowCount === 0);
  for (const order of ORDERS) {
    const shown: string[] = [];
    let pageToken = '';
    do {
      const page = await projects.listProjects({ ...request, category, order, phase: 3, pageSize: 1, pageToken, titleContains: '죽 지' });
      shown.push(...page.projects.map(({ id }) => id));
      pageToken = page.nextPageToken;
    } while (pageToken);
    assert.equal(
      shown,
      order === Order.ORDER_ENDING_SOON ? ids : order === Order.ORDER_POPULAR ? ids.toReversed() : ids.toSorted().reverse(),
    );
  }
  assert.equal(await found('죽 지', { category, phase: 2 }), []);
  const first = await projects.listProjects({ ...request, category, pageSize: 1, titleContains: '가죽' });
  const other = { ...request, category, pageSize: 1, pageToken: first.nextPageToken, titleContains: '지갑' };
  assert.is(await refusal(projects.listProjects(other)), 'PAGE_TOKEN_INVALID');
});

test('among 50,000 projects the first page and a late one read little, whether the part is rare or common', async () => {
  await sql.query(
    `INSERT INTO project (id, seller_id, title, summary, story, category, image_urls, kind, currency, goal_minor, start_time, close_time, state, public,
       raised_minor, popularity, charge_retries, charge_retry_seconds, create_time)
     SELECT gen_random_uuid(), gen_random_uuid(),
       CASE n % 2 WHEN 0 THEN '서울 ' ELSE '' END || words[1 + n % 13] || ' ' || words[1 + n % 17] || ' ' || n || CASE n % 10000 WHEN 7 THEN ' 거북선' ELSE '' END,
       '', '', 'c' || n % 10, '{}', 'ALL_OR_NOTHING', 'KRW', 1000000, $1::timestamptz, $1::timestamptz + interval '30 days' + n * interval '1 second',
       'LIVE', true, n * 7919 % 100003, n * 7919 % 100003, 7, 86400, $1
       FROM generate_series(1, 50000) AS n,
            (VALUES (ARRAY['달빛','다시','쓰는','종이','공방','수제','가죽','커피','원두','여행','사진','향초','한글','서체','Candle','Light','Book'])) AS of(words)`,
    [bed.now()],
  );
  await sql.query('ANALYZE project');
  await sql.query('ANALYZE project_title');
  const middle: Record<ListOrder, string[]> = {
    NEWEST: [MIDDLE_ID],
    ENDING_SOON: [new Date(bed.now().getTime() + 30 * DAY_MS + 25_000_000).toISOString(), MIDDLE_ID],
    POPULAR: ['50000', MIDDLE_ID],
  };
  for (const titlePart of ['서울', '서', '가죽', '달빛 다', '거북선', '없는말', 'ght', '49'])
    for (const order of ['NEWEST', 'ENDING_SOON', 'POPULAR'] as const)
      for (const category of ['', 'c4'])
        for (const after of [undefined, middle[order]]) {
          const read = await blocksRead({ category, phase: undefined, titlePart, order, at: bed.now(), after, limit: 21 });
          assert.ok(read < BLOCKS_AT_MOST, `"${titlePart}" ${category} in the order ${order} after ${after}: ${read} blocks`);
        }
});

/** How much of the database a list reads. */
async function blocksRead(list: PublicList): Promise<number> {
  let statement = Prisma.empty;
  const client = {
    $queryRaw(strings: TemplateStringsArray, ...values: unknown[]) {
      statement = Prisma.sql(strings, ...values);
      return [];
    },
  };
  await listPublicProjects(client as unknown as Queries, list);
  const { rows } = await planner.query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${statement.text}`, statement.values);
  const [{ Plan: plan }] = rows[0]['QUERY PLAN'];
  return plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];
}

test.after(() => closeBed(stop, () => planner.end()));
test.run();
