import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PLANNING } from '@moa/kit';
import { openTestbed } from '@moa/testkit';
import { closedLoop, median, startServer } from '../measure.js';
import { backer, fundingEnvironment, pledgeCaller, seedProjects, sqlProjectId, sqlRewardId } from '../pledges.js';
import { findPgbench, pgbenchRate } from '../programs.js';
import type { Scenario } from '../scenario.js';

const CALLERS = 16;
const PROJECTS = 64;
const PLENTY = 2_000_000_000;
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
    for (const url of [await bed.databaseUrl('funding'), limitUrl]) await seedProjects(url, PROJECTS, PLENTY);
    const service = await startServer('servers/funding.js', await fundingEnvironment(bed));
    const caller = await pledgeCaller(bed, service.address, () => Math.floor(Math.random() * PROJECTS));
    const folder = mkdtempSync(join(tmpdir(), 'moa-bench-'));
    const script = join(folder, 'pledge.sql');
    writeFileSync(script, STATEMENT);
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
          { name: 'funding: gRPC, token, rules, pledges that come together in one statement', values: { perSecond: median(ours) } },
          { name: 'pgbench: the same statement for one pledge each, prepared', values: { perSecond: median(limit) } },
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

// What the service sends for one pledge, with ids and the request's hash made in SQL.
const STATEMENT = `\\set n random(0, ${PROJECTS - 1})
SELECT place_pledges(jsonb_build_array(jsonb_build_object('place', 1, 'new_id', gen_random_uuid(), 'target', ${sqlProjectId(':n::bigint::text')},
  'reward_ids', ARRAY[${sqlRewardId(':n::bigint::text')}], 'quantities', ARRAY[1], 'extra', 0, 'method', '${backer.billingMethodId}', 'call',
  jsonb_build_object('at', now(), 'trace', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00', 'caller', '${backer.id}',
    'method', '/moa.funding.v1.PledgeService/CreatePledge', 'request', gen_random_uuid(), 'hash', md5(random()::text)))));
`;
