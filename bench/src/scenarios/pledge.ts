import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreatePledgeRequest } from '@moa/contracts/funding/v1/pledge_service';
import { PLANNING } from '@moa/kit';
import { openTestbed } from '@moa/testkit';
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { grpcCaller } from '../caller.js';
import { closedLoop, median, startServer } from '../measure.js';
import { findPgbench, pgbenchRate } from '../programs.js';
import type { Scenario } from '../scenario.js';

const CALLERS = 16;
const PROJECTS = 64;
const TURNS = 5;
const TURN_MS = 4_000;
const GOAL = '>= 0.6';

export const pledge: Scenario = {
  name: 'pledge',
  number: 5,
  title: 'a pledge through the funding service and its relay, against the same SQL by pgbench on the same Postgres (fsync off for both)',
  goals: [`${GOAL} of pgbench's rate`],
  async run(log) {
    const pgbench = findPgbench();
    const bed = await openTestbed('bench-pledge');
    // The same Postgres, another database: what pgbench writes is not for our relay to publish.
    const limitBed = await openTestbed('bench-pledge-limit');
    const limitUrl = await limitBed.databaseUrl('funding');
    const backer = randomUUID();
    const billingMethodId = randomUUID();
    const { projectIds, rewardIds } = await seed(await bed.databaseUrl('funding'), backer, billingMethodId);
    await seed(limitUrl, backer, billingMethodId);
    const environment = { ...(await bed.environment('funding')), PAYMENT_ADDRESS: '127.0.0.1:1', LOG_LEVEL: 'info' };
    const service = await startServer('servers/funding.js', environment);
    const pick = () => Math.floor(Math.random() * PROJECTS);
    const caller = grpcCaller(service.address, bed.certificates('envoy'), await bed.token(backer), () => {
      const n = pick();
      const body = {
        requestId: uuidv7(),
        projectId: projectIds[n]!,
        lines: [{ rewardId: rewardIds[n]!, quantity: 1 }],
        extra: undefined,
        billingMethodId,
        address: undefined,
      };
      return Buffer.from(CreatePledgeRequest.encode(body).finish());
    });
    const folder = mkdtempSync(join(tmpdir(), 'moa-bench-'));
    const script = join(folder, 'pledge.sql');
    writeFileSync(script, statement(backer, billingMethodId));
    try {
      const side = { call: caller.call, pid: service.pid };
      await closedLoop(side, CALLERS, TURN_MS);
      const ours: number[] = [];
      const limit: number[] = [];
      for (let turn = 0; turn < TURNS; turn++) {
        const measureOurs = async () => ours.push((await closedLoop(side, CALLERS, TURN_MS)).callsPerSecond);
        const measureLimit = async () => limit.push(await pgbenchRate(pgbench, limitUrl, script, CALLERS, TURN_MS, PLANNING));
        for (const measure of turn % 2 === 0 ? [measureOurs, measureLimit] : [measureLimit, measureOurs]) await measure();
        log(`turn ${turn + 1}: ${ours.at(-1)!.toFixed(0)}/s, pgbench ${limit.at(-1)!.toFixed(0)}/s`);
      }
      return {
        ratios: [{ what: 'pledges/s, service / pgbench', value: median(ours) / median(limit), goal: GOAL }],
        sides: [
          { name: 'funding: gRPC, token, rules, one statement by Prisma', values: { perSecond: median(ours) } },
          { name: 'pgbench: the same statement, prepared', values: { perSecond: median(limit) } },
        ],
      };
    } finally {
      caller.close();
      await service.stop();
      await Promise.all([bed.close(), limitBed.close()]);
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function seed(databaseUrl: string, backer: string, billingMethodId: string) {
  const database = new pg.Client(databaseUrl);
  await database.connect();
  await database.query('INSERT INTO billing_method VALUES ($1, $2)', [billingMethodId, backer]);
  // Rewards have numbers that pgbench can make up: the last digits of their ids.
  await database.query(
    `INSERT INTO project (id, seller_id, title, summary, story, category, image_urls, kind, currency, goal_minor, start_time, close_time, state, public, charge_retries, charge_retry_seconds, create_time)
       SELECT id_of(1, n), gen_random_uuid(), 'Project ' || n, '', '', '도서', '{}', 'ALL_OR_NOTHING', 'KRW', 1000000000, now() - interval '1 day', now() + interval '30 days', 'LIVE', true, 7, 86400, now()
         FROM generate_series(0, $1 - 1) AS n`.replaceAll('id_of(1, n)', idOf(1)),
    [PROJECTS],
  );
  await database.query(
    `INSERT INTO reward (id, project_id, title, description, price_minor, stock, remaining, limit_per_backer, delivery_month, ships)
       SELECT ${idOf(2)}, ${idOf(1)}, 'Reward', '', 10000, 2000000000, 2000000000, 0, '2027-03', false FROM generate_series(0, $1 - 1) AS n`,
    [PROJECTS],
  );
  await database.query('VACUUM ANALYZE');
  await database.end();
  const id = (kind: number, n: number) => `0198c2f4-6d1a-7c3e-9b0${kind}-${String(n).padStart(12, '0')}`;
  return { projectIds: ids(1), rewardIds: ids(2) };

  function ids(kind: number): string[] {
    return Array.from({ length: PROJECTS }, (_, n) => id(kind, n));
  }
}

const idOf = (kind: number) => `('0198c2f4-6d1a-7c3e-9b0${kind}-' || lpad(n::text, 12, '0'))::uuid`;

// What the service sends, with ids and the request's hash made in SQL.
function statement(backer: string, billingMethodId: string): string {
  return `\\set n random(0, ${PROJECTS - 1})
SELECT place_pledges(jsonb_build_array(jsonb_build_object('place', 1, 'new_id', gen_random_uuid(), 'target', ${idOf(1).replaceAll('n::text', ':n::bigint::text')},
  'reward_ids', ARRAY[${idOf(2).replaceAll('n::text', ':n::bigint::text')}], 'quantities', ARRAY[1], 'extra', 0, 'method', '${billingMethodId}', 'call',
  jsonb_build_object('at', now(), 'trace', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00', 'caller', '${backer}',
    'method', '/moa.funding.v1.PledgeService/CreatePledge', 'request', gen_random_uuid(), 'hash', md5(random()::text)))));
`;
}
