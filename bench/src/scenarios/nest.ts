import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { freePorts } from '@moa/stack';
import { openTestbed } from '@moa/testkit';
import { grpcCaller } from '../caller.js';
import { alternate, startServer } from '../measure.js';
import { response } from '../sample.js';
import type { Scenario } from '../scenario.js';

const CALLERS = 32;
const FASTER = '>= 2';
const SOONER = '<= 0.6';
const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const PEER = `${ROOT}bench/peers/nest`;

export const nest: Scenario = {
  name: 'nest',
  number: 2,
  title: 'the same call, against a NestJS gRPC microservice with guard, pipe and logger',
  goals: [`${FASTER} times its calls/s`, `${SOONER} of its p99`],
  async run(log) {
    if (!existsSync(`${PEER}/node_modules/@nestjs/core`)) {
      log('installing the peer ...');
      execFileSync('npm', ['ci', '--silent', '--no-audit', '--no-fund'], { cwd: PEER, stdio: 'inherit' });
    }
    // The peer is given a port, since it does not tell which one it took.
    const [port] = await freePorts(1);
    const bed = await openTestbed('bench-nest');
    const environment = { ...(await bed.environment('funding')), LOG_LEVEL: 'info' };
    const [ours, peer] = await Promise.all([
      startServer('servers/chain.js', environment),
      startServer(`file://${PEER}/server.mjs`, {
        ...environment,
        NODE_ENV: 'production',
        PORT: String(port),
        PROTO: `${ROOT}proto`,
        GOOGLE: `${ROOT}node_modules/@grpc/grpc-js-xds/deps/googleapis`,
        SAMPLE: JSON.stringify(peersResponse, (_, value) => (typeof value === 'bigint' ? String(value) : value)),
      }),
    ]);
    const token = await bed.token(randomUUID());
    const callers = [ours, peer].map(({ address }) => grpcCaller(address, bed.certificates('envoy'), token));
    try {
      const [a, b] = await alternate({ call: callers[0]!.call, pid: ours.pid }, { call: callers[1]!.call, pid: peer.pid }, CALLERS);
      return {
        ratios: [
          { what: 'calls/s, ours / NestJS', value: a.callsPerSecond / b.callsPerSecond, goal: FASTER },
          { what: 'p99, ours / NestJS', value: a.p99Ms / b.p99Ms, goal: SOONER },
        ],
        sides: [
          { name: 'ours: token, access, rules, deadline, log, metrics, trace', values: { ...a } },
          { name: 'NestJS 12: guard with cached token, ValidationPipe, pino', values: { ...b } },
        ],
      };
    } finally {
      for (const caller of callers) caller.close();
      await Promise.all([ours.stop(), peer.stop()]);
      await bed.close();
    }
  },
};

// proto-loader's form of a time.
const createTime = { seconds: Math.floor(response.pledge!.createTime!.getTime() / 1000), nanos: 0 };
const peersResponse = { pledge: { ...response.pledge, createTime } };
