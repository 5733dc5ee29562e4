import { randomUUID } from 'node:crypto';
import { openTestbed } from '@moa/testkit';
import pg from 'pg';
import { type Claim, claimCaller, issuedOf, makeCampaign, makeCrowd, openScript, type Person } from '../claims.js';
import { cpuSeconds, median, startServer } from '../measure.js';
import type { Scenario } from '../scenario.js';

const PEOPLE = 1_000;
const CALLERS = 64;
const COUPONS = 100;
const TURNS = 5;
const TURN_MS = 3_000;
const CORE_GOAL = '>= 0.5';
const LOCK_GOAL = '>= 5';

interface Side {
  readonly pid: number;
  readonly claim: Claim;
  readonly open: (coupons: number) => Promise<string>;
  /** Throws unless exactly so many were given. */
  readonly check?: (campaignId: string, coupons: number) => Promise<void>;
}

interface Rates {
  readonly perSecond: number[];
  /** For each second of CPU of the process that is measured. */
  readonly perCpuSecond: number[];
}

export const claims: Scenario = {
  name: 'claims',
  number: 7,
  title: 'first come, first served: a crowd claims coupons, against the script in Redis alone, and against a row lock in Postgres',
  goals: [
    `${CORE_GOAL} of the script's calls for each second of CPU`,
    `${LOCK_GOAL} times the row lock's claims a second`,
    'not one too many',
  ],
  async run(log) {
    const bed = await openTestbed('bench-claims', { durable: true });
    const lockBed = await openTestbed('bench-claims-lock', { durable: true });
    const environment: Record<string, string> = { ...(await bed.environment('coupon')), LOG_LEVEL: 'info' };
    const lockEnvironment = { ...(await lockBed.environment('coupon')), LOG_LEVEL: 'info' };
    const databases = await Promise.all(
      [bed, lockBed].map(async (of) => new pg.Pool({ connectionString: await of.databaseUrl('coupon') })),
    );
    const [crowd, lockCrowd] = await Promise.all([makeCrowd(bed, PEOPLE), makeCrowd(lockBed, PEOPLE)]);
    const script = openScript(environment['REDIS_URL']!, environment['REDIS_PREFIX']!);
    const service = await startServer('servers/coupon.js', environment);
    const lock = await startServer('servers/locked-claims.js', lockEnvironment);
    const bare = await startServer('servers/bare-door.js', environment);
    const callers = [service, lock, bare].map(({ address }, n) => claimCaller(address, (n === 1 ? lockBed : bed).certificates('envoy')));
    const [ofService, ofLock, ofBare] = callers.map(({ claim }) => claim) as [Claim, Claim, Claim];
    const stored = (database: pg.Pool) => ({
      open: (coupons: number) => makeCampaign(database, coupons),
      check: async (campaignId: string, coupons: number) => {
        const issued = await issuedOf(database, campaignId);
        if (issued.coupons !== coupons || issued.owners !== coupons)
          throw new Error(`gave ${issued.coupons} to ${issued.owners}, not ${coupons}`);
      },
    });
    const viaScript: Claim = async (campaignId, { accountId }) => (await script.enter(campaignId, accountId, randomUUID())) === 'IN';
    const sides = {
      service: { pid: service.pid, claim: ofService, ...stored(databases[0]!) },
      lock: { pid: lock.pid, claim: ofLock, ...stored(databases[1]!) },
      bare: { pid: bare.pid, claim: ofBare, open: script.open },
      script: { pid: process.pid, claim: viaScript, open: script.open },
    } satisfies Record<string, Side>;
    const measure = async (coupons: number, names: readonly (keyof typeof sides)[]) => {
      const rates: Record<keyof typeof sides, Rates> = { service: noRates(), lock: noRates(), bare: noRates(), script: noRates() };
      const turn = (name: keyof typeof sides) => rushes(sides[name], name === 'lock' ? lockCrowd : crowd, coupons, rates[name]);
      // The first is not counted: the services learn everybody's token in it.
      for (const name of names) await rushes(sides[name], name === 'lock' ? lockCrowd : crowd, coupons, noRates());
      for (let n = 0; n < TURNS; n++) {
        for (const name of n % 2 === 0 ? names : names.toReversed()) await turn(name);
        log(`turn ${n + 1} for ${coupons}: ${names.map((name) => `${name} ${rates[name].perSecond.at(-1)!.toFixed(0)}/s`).join(', ')}`);
      }
      return rates;
    };
    try {
      const rush = await measure(COUPONS, ['service', 'script', 'bare', 'lock']);
      const plenty = await measure(PEOPLE, ['service', 'lock']);
      const core = (name: keyof typeof sides) => median(rush.service.perCpuSecond) / median(rush[name].perCpuSecond);
      const times = (of: typeof rush) => median(of.service.perSecond) / median(of.lock.perSecond);
      return {
        ratios: [
          { what: 'claims per CPU second, service / script alone in a loop of ioredis', value: core('script'), goal: CORE_GOAL },
          { what: 'claims per CPU second, service / script behind bare grpc-js', value: core('bare'), goal: CORE_GOAL },
          { what: `claims/s, service / row lock: ${PEOPLE} people for ${COUPONS} coupons`, value: times(rush), goal: LOCK_GOAL },
          { what: `claims/s, service / row lock: ${PEOPLE} people for ${PEOPLE} coupons`, value: times(plenty), goal: LOCK_GOAL },
        ],
        sides: [
          figures(`coupon service, ${PEOPLE} for ${COUPONS}, ${CALLERS} at a time`, rush.service),
          figures('script alone, ioredis with pipelines', rush.script),
          figures('script behind bare grpc-js', rush.bare),
          figures(`row lock in Prisma, ${PEOPLE} for ${COUPONS}`, rush.lock),
          figures(`coupon service, ${PEOPLE} for ${PEOPLE}`, plenty.service),
          figures(`row lock in Prisma, ${PEOPLE} for ${PEOPLE}`, plenty.lock),
        ],
      };
    } finally {
      for (const { close } of callers) close();
      script.close();
      await Promise.all([service, lock, bare].map((server) => server.stop()));
      await Promise.all(databases.map((database) => database.end()));
      await Promise.all([bed.close(), lockBed.close()]);
    }
  },
};

const noRates = (): Rates => ({ perSecond: [], perCpuSecond: [] });

const figures = (name: string, { perSecond, perCpuSecond }: Rates) => ({
  name,
  values: { perSecond: median(perSecond), perCpuSecond: median(perCpuSecond) },
});

/** Rushes for one campaign after another, for a while. Throws unless each gave exactly what it had. */
async function rushes({ pid, claim, open, check }: Side, crowd: readonly Person[], coupons: number, rates: Rates): Promise<void> {
  let claimed = 0;
  let seconds = 0;
  let cpu = 0;
  while (seconds * 1000 < TURN_MS) {
    const campaignId = await open(coupons);
    const [cpuBefore, startedMs] = [cpuSeconds(pid), performance.now()];
    const given = await rush(crowd, (person) => claim(campaignId, person));
    seconds += (performance.now() - startedMs) / 1000;
    cpu += cpuSeconds(pid) - cpuBefore;
    claimed += crowd.length;
    if (given !== coupons) throw new Error(`${given} were told that they have a coupon, not ${coupons}`);
    await check?.(campaignId, coupons);
  }
  rates.perSecond.push(claimed / seconds);
  rates.perCpuSecond.push(claimed / cpu);
}

/** Everybody claims once, so many at a time; gives how many have a coupon. */
async function rush(crowd: readonly Person[], claim: (person: Person) => Promise<boolean>): Promise<number> {
  const waiting = crowd.values();
  let given = 0;
  await Promise.all(
    Array.from({ length: CALLERS }, async () => {
      for (const person of waiting) if (await claim(person)) given++;
    }),
  );
  return given;
}
