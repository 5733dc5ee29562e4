import { Agent, request } from 'node:http';
import { GetMyPageResponse } from '@moa/contracts/user/v1/user_service';
import { openTestbed, until } from '@moa/testkit';
import { grpcCallerOfMany } from '../caller.js';
import { alternate, arrivals, quantile, startServer } from '../measure.js';
import { PEOPLE, seedPeople, USUAL } from '../people.js';
import type { Figures, Ratio, Scenario } from '../scenario.js';

const CALLERS = 8;
/** Of the people, so many look at their page, again and again: tokens are known, pages are not kept by anybody. */
const VISITORS = 1_000;
const GOAL = '>= 0.4';
const P99_GOAL_MS = '<= 50';
const PER_SECOND = 100;
const STEADY_MS = 10_000;
const PATH = '/moa.user.v1.UserService/GetMyPage';
const NO_PEER = '127.0.0.1:1';

export const myPage: Scenario = {
  name: 'my-page',
  number: 13,
  title: `My Page of ${PEOPLE.toLocaleString('en')} people (profile, orders, pledges, coupons, points, reviews in one call), against node:http + pg with the same queries`,
  goals: [`${GOAL} of the ceiling's calls per CPU second`, `${P99_GOAL_MS} ms p99 at ${PER_SECOND} a second`],
  async run(log) {
    const bed = await openTestbed('bench-my-page');
    const databaseUrl = await bed.databaseUrl('user');
    const accounts = await seedPeople(databaseUrl);
    log(
      `${PEOPLE} people are there; the one in the middle has ${Object.entries(USUAL)
        .map(([what, count]) => `${count} ${what}`)
        .join(', ')}`,
    );
    const peers = { FUNDING_ADDRESS: NO_PEER, PURCHASE_ADDRESS: NO_PEER, COUPON_ADDRESS: NO_PEER };
    const [ours, ceiling] = await Promise.all([
      startServer('servers/user.js', { ...(await bed.environment('user')), ...peers, LOG_LEVEL: 'info' }),
      startServer('servers/page-ceiling.js', { DATABASE_URL: databaseUrl }),
    ]);
    const visitors = accounts.slice(0, VISITORS);
    const tokens = await Promise.all(visitors.map((accountId) => bed.token(accountId)));
    const agent = new Agent({ keepAlive: true, maxSockets: CALLERS });
    const caller = grpcCallerOfMany(ours.address, bed.certificates('envoy'), tokens, PATH);
    try {
      await expectPages(caller.callAs);
      const page = () => caller.callAs(pick(VISITORS));
      const bare = () => get(agent, `http://${ceiling.address}/${visitors[pick(VISITORS)]}`);
      const [mine, most] = await alternate({ call: page, pid: ours.pid }, { call: bare, pid: ceiling.pid }, CALLERS);
      const ratios: Ratio[] = [{ what: 'calls per CPU second, user / node:http + pg', value: most.cpuUs / mine.cpuUs, goal: GOAL }];
      const sides: Figures[] = [
        { name: 'user', values: { ...mine } },
        { name: 'node:http + pg', values: { ...most } },
      ];
      // A queue that only grows says nothing of the service: it says that others are at work on this machine.
      if (mine.callsPerSecond < PER_SECOND) {
        log(`the machine has not enough to spare for ${PER_SECOND} a second: no p99`);
        return { ratios, sides };
      }
      for (const [name, call] of [
        ['user', page],
        ['node:http + pg', bare],
      ] as const) {
        const tookMs = await arrivals(call, PER_SECOND, STEADY_MS);
        const values = { p50Ms: quantile(tookMs, 0.5), p99Ms: quantile(tookMs, 0.99) };
        sides.push({ name: `${PER_SECOND} a second: ${name}`, values });
        if (call === page) ratios.push({ what: `p99 in ms at ${PER_SECOND} a second`, value: values.p99Ms, goal: P99_GOAL_MS });
      }
      return { ratios, sides };
    } finally {
      caller.close();
      agent.destroy();
      await Promise.all([ours.stop(), ceiling.stop()]);
      await bed.close();
    }
  },
};

/** Of who has something each section is full. The first page of a service that has just started may come too late. */
async function expectPages(callAs: (person: number) => Promise<Buffer>): Promise<void> {
  const { profile, orders, pledges, coupons, points, reviews } = GetMyPageResponse.decode(await until(() => callAs(0)));
  const counts = [orders?.totalCount, pledges?.totalCount, coupons?.usableCount, points?.newest.length, reviews?.toWriteCount];
  if (!profile?.name || counts.some((count) => !count)) throw new Error(`a page with nothing on it: ${counts}`);
}

const get = (agent: Agent, url: string) =>
  new Promise<void>((resolve, reject) => {
    const sent = request(url, { agent }, (response) => {
      response.resume();
      response.on('end', () => (response.statusCode === 200 ? resolve() : reject(new Error(`${response.statusCode}`))));
    });
    sent.on('error', reject);
    sent.end();
  });

const pick = (count: number): number => Math.floor(Math.random() * count);
