import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectMoa } from '@moa/client/node';
import { ListMyPledgesRequest } from '@moa/contracts/funding/v1/pledge_service';
import { startStack } from '@moa/stack';
import { grpcCaller } from '../caller.js';
import { alternate, type Side } from '../measure.js';
import type { Scenario } from '../scenario.js';

const PATH = '/moa.funding.v1.PledgeService/ListMyPledges';
const CALLERS = 16;
const CPU_GOAL = '<= 75';
const P50_GOAL = '<= 1';
// One account makes all the calls; the door's limits are not what is measured.
const NO_LIMIT = 1_000_000;

export const edge: Scenario = {
  name: 'edge',
  number: 3,
  title: 'gRPC-Web through Envoy with token, roles, limits and log, against gRPC straight to the service',
  goals: [`${CPU_GOAL} us of Envoy's CPU a call`, `${P50_GOAL} ms more at p50, one call at a time`],
  async run() {
    const folder = mkdtempSync(join(tmpdir(), 'moa-bench-'));
    const stack = await startStack({ folder, quiet: true, rateFactor: NO_LIMIT });
    const agent = new Agent({ keepAlive: true, maxSockets: CALLERS });
    try {
      const token = await signUp(stack.publicUrl);
      const body = Buffer.from(ListMyPledgesRequest.encode({ pageSize: 0, pageToken: '' }).finish());
      const pidOf = (name: string) => stack.status().find((unit) => unit.name === name)!.pid!;
      const straight = grpcCaller(stack.addresses['funding']!.grpc, join(stack.certificates, 'envoy'), token, () => body, PATH);
      const web: Side = { call: () => callWeb(stack.publicUrl, agent, token, body), pid: pidOf('envoy') };
      const direct: Side = { call: straight.call, pid: pidOf('funding') };
      const [alone, aloneDirect] = await alternate(web, direct, 1);
      const [busy, busyDirect] = await alternate(web, direct, CALLERS);
      straight.close();
      return {
        ratios: [
          { what: "Envoy's CPU a call, us", value: busy.cpuUs, goal: CPU_GOAL },
          { what: 'more at p50, ms', value: alone.p50Ms - aloneDirect.p50Ms, goal: P50_GOAL },
        ],
        sides: [
          { name: `gRPC-Web through Envoy, ${CALLERS} callers (CPU: Envoy's)`, values: { ...busy } },
          { name: `gRPC to the service, ${CALLERS} callers (CPU: the service's)`, values: { ...busyDirect } },
          { name: 'gRPC-Web through Envoy, one caller', values: { ...alone } },
          { name: 'gRPC to the service, one caller', values: { ...aloneDirect } },
        ],
      };
    } finally {
      agent.destroy();
      await stack.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function signUp(url: string): Promise<string> {
  const moa = connectMoa(url);
  const [email, password] = [`bench-${randomUUID()}@moa.example`, randomUUID()];
  await moa.auth.signUp({ email, password });
  await moa.signIn(email, password);
  moa.close();
  return moa.tokens!.accessToken;
}

// A frame of gRPC-Web: a flag, the length, the message. The answer ends with a frame of trailers.
function callWeb(url: string, agent: Agent, token: string, message: Buffer): Promise<void> {
  const frame = Buffer.alloc(5 + message.length);
  frame.writeUInt32BE(message.length, 1);
  message.copy(frame, 5);
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/grpc-web+proto', 'x-grpc-web': '1' };
  return new Promise((resolve, reject) => {
    request(`${url}${PATH}`, { method: 'POST', agent, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const answer = Buffer.concat(chunks).toString('latin1');
        if (/grpc-status: ?0/.test(answer)) resolve();
        else reject(new Error(`${response.statusCode} ${JSON.stringify(response.headers)} ${answer}`));
      });
    })
      .on('error', reject)
      .end(frame);
  });
}
