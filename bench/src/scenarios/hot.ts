import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServiceError } from '@grpc/grpc-js';
import { Failure, fromGrpcError, PLANNING } from '@moa/kit';
import { openTestbed, type Testbed } from '@moa/testkit';
import pg from 'pg';
import { closedLoop, median, startServer } from '../measure.js';
import { fundingEnvironment, pledgeCaller, projectId, rewardId, seedProjects } from '../pledges.js';
import { findPgbench, pgbenchRate } from '../programs.js';
import type { Scenario } from '../scenario.js';

const CALLERS = 300;
const TURNS = 5;
const TURN_MS = 4_000;
const HOT = 0;
const SCARCE = 1;
const PIECES = 100;
const RUSHES = 5;
const GOAL = '>= 3';
const RUSH_GOAL = '<= 2';

export const hot: Scenario = {
  name: 'hot',
  number: 6,
  title:
    'one hot project, everybody at once: whole pledges, against the bare UPDATE of its row by as many clients of pgbench (fsync on for both)',
  goals: [`${GOAL} times the UPDATE's rate`, `${RUSH_GOAL} s until ${CALLERS} callers for the last ${PIECES} pieces have their answers`],
  async run(log) {
    const pgbench = findPgbench();
    const bed = await openTestbed('bench-hot', { durable: true });
    const limitBed = await openTestbed('bench-hot-limit', { durable: true });
    const limitUrl = await limitBed.databaseUrl('funding');
    for (const url of [await bed.databaseUrl('funding'), limitUrl]) await seedProjects(url, 2, null);
    const service = await startServer('servers/funding.js', await fundingEnvironment(bed));
    const caller = await pledgeCaller(bed, service.address, () => HOT);
    const folder = mkdtempSync(join(tmpdir(), 'moa-bench-'));
    const script = join(folder, 'update.sql');
    writeFileSync(
      script,
      `UPDATE project SET raised_minor = raised_minor + 10000, pledge_count = pledge_count + 1 WHERE id = '${projectId(HOT)}';\n`,
    );
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
      const rushes: number[] = [];
      for (let rush = 0; rush < RUSHES; rush++) rushes.push(await secondsOfRush(bed, service.address));
      log(`rushes for the last ${PIECES}: ${rushes.map((seconds) => `${seconds.toFixed(2)} s`).join(', ')}; each sold exactly ${PIECES}`);
      return {
        ratios: [
          { what: 'pledges/s / updates/s', value: median(ours) / median(limit), goal: GOAL },
          { what: `s until all of ${CALLERS} have their answers, slowest of ${RUSHES}`, value: Math.max(...rushes), goal: RUSH_GOAL },
        ],
        sides: [
          { name: `funding: whole pledges of one project, ${CALLERS} callers`, values: { perSecond: median(ours) } },
          { name: `pgbench: UPDATE of the project's row alone, ${CALLERS} clients`, values: { perSecond: median(limit) } },
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

/** Everybody wants the last pieces. Throws unless exactly those were sold, and everybody else was told so. */
async function secondsOfRush(bed: Testbed, address: string): Promise<number> {
  const database = new pg.Client(await bed.databaseUrl('funding'));
  await database.connect();
  await database.query('UPDATE reward SET stock = $2, remaining = $2 WHERE id = $1', [rewardId(SCARCE), PIECES]);
  const caller = await pledgeCaller(bed, address, () => SCARCE);
  try {
    const startedMs = performance.now();
    const outcomes = await Promise.all(
      Array.from({ length: CALLERS }, () =>
        caller.call().then(
          () => 'sold',
          (error: ServiceError) => {
            const refusal = fromGrpcError(error);
            return refusal instanceof Failure ? refusal.reason : String(refusal);
          },
        ),
      ),
    );
    const seconds = (performance.now() - startedMs) / 1000;
    const sold = outcomes.filter((outcome) => outcome === 'sold').length;
    const refused = outcomes.filter((outcome) => outcome === 'REWARD_SOLD_OUT').length;
    const { rows } = await database.query('SELECT remaining FROM reward WHERE id = $1', [rewardId(SCARCE)]);
    if (sold !== PIECES || refused !== CALLERS - PIECES || rows[0].remaining !== 0)
      throw new Error(
        `sold ${sold}, sold out ${refused}, others ${outcomes.filter((outcome) => !['sold', 'REWARD_SOLD_OUT'].includes(outcome))}`,
      );
    return seconds;
  } finally {
    caller.close();
    await database.end();
  }
}
