import { randomUUID } from 'node:crypto';
import { openTestbed } from '@moa/testkit';
import { grpcCaller } from '../caller.js';
import { alternate, startServer } from '../measure.js';
import type { Scenario } from '../scenario.js';

const CALLERS = 32;
const GOAL = '>= 0.75';

export const chain: Scenario = {
  name: 'chain',
  number: 1,
  title: 'a unary call through the whole chain, against a bare grpc-js echo of the same bytes',
  goals: [`${GOAL} of its calls per CPU second`],
  async run() {
    const bed = await openTestbed('bench-chain');
    const environment = { ...(await bed.environment('funding')), LOG_LEVEL: 'info' };
    const [ours, bare] = await Promise.all([startServer('servers/chain.js', environment), startServer('servers/bare.js', environment)]);
    const token = await bed.token(randomUUID());
    const callers = [ours, bare].map(({ address }) => grpcCaller(address, bed.certificates('envoy'), token));
    try {
      const [a, b] = await alternate({ call: callers[0]!.call, pid: ours.pid }, { call: callers[1]!.call, pid: bare.pid }, CALLERS);
      return {
        ratios: [{ what: 'calls per CPU second, chain / bare', value: b.cpuUs / a.cpuUs, goal: GOAL }],
        sides: [
          { name: 'chain: token, access, rules, deadline, log, metrics, trace', values: { ...a } },
          { name: 'bare: bytes in, bytes out', values: { ...b } },
        ],
      };
    } finally {
      for (const caller of callers) caller.close();
      await Promise.all([ours.stop(), bare.stop()]);
      await bed.close();
    }
  },
};
