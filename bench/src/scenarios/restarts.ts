import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectMoa } from '@moa/client/node';
import type { Tokens } from '@moa/contracts/auth/v1/auth';
import { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import { PledgeServiceDefinition } from '@moa/contracts/funding/v1/pledge_service';
import { ListProjectsRequest, ProjectServiceDefinition } from '@moa/contracts/funding/v1/project_service';
import { UserServiceDefinition } from '@moa/contracts/user/v1/user_service';
import { Failure } from '@moa/kit';
import { adminCode, type Stack, startStack } from '@moa/stack';
import { type Door, openDoor } from '../door.js';
import type { Figures, Scenario } from '../scenario.js';

const CALLERS = 6;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
// A key waits ten minutes, so that Envoy and the gateway before it have fetched it. The clock is only moved once they have.
const KEY_FETCHED_MS = 130_000;
const KEY_WAITS_MS = 11 * MINUTE_MS;
const OVERLAP_MS = DAY_MS + MINUTE_MS;
// Every process has taken up new certificates within ten seconds.
const CERTIFICATES_TAKEN_MS = 15_000;
const LOAD_MS = 5_000;
const RENEW_BEFORE_MS = 5 * MINUTE_MS;
const GOAL = '<= 0';
// The door's limits are not what is measured.
const NO_LIMIT = 1_000_000;
const EVERYTHING = ListProjectsRequest.decode(new Uint8Array());

export const restarts: Scenario = {
  name: 'restarts',
  number: 15,
  title: 'calls that fail, each tried once, while keys, certificates and the copies of a service are replaced under load',
  goals: [`${GOAL} of all calls`],
  async run(log) {
    const folder = mkdtempSync(join(tmpdir(), 'moa-bench-'));
    const stack = await startStack({ folder, quiet: true, rateFactor: NO_LIMIT, copies: { funding: 2, user: 2 } });
    const door = openDoor(stack.publicUrl);
    try {
      const load = await startLoad(stack, door);
      const sides: Figures[] = [];
      const phase = async (name: string, work: () => Promise<unknown>) => {
        const before = load.counts();
        await work();
        await sleep(LOAD_MS);
        const after = load.counts();
        sides.push({ name, values: { calls: after.calls - before.calls, failed: after.failed - before.failed } });
        log(`${name}: ${after.failed - before.failed} of ${after.calls - before.calls} failed`);
      };
      await phase('a key is made, published and waits', () => rotateKey(stack).then(() => sleep(KEY_FETCHED_MS)));
      await phase('the new key signs', () => load.pausedWhile(() => stack.shiftClock(KEY_WAITS_MS)));
      await phase('a day later, the old key is gone', () => load.pausedWhile(() => stack.shiftClock(OVERLAP_MS)));
      await phase('certificates are replaced', () => stack.renewCertificates().then(() => sleep(CERTIFICATES_TAKEN_MS)));
      for (const service of ['funding', 'user']) await phase(`both copies of ${service} restart`, () => stack.restart(service));
      await load.stop();
      for (const [reason, times] of load.reasons) log(`${times} times ${reason}`);
      return {
        ratios: sides.map(({ name, values }) => ({ what: `failed / all: ${name}`, value: values.failed! / values.calls!, goal: GOAL })),
        sides,
      };
    } finally {
      door.close();
      await stack.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function rotateKey(stack: Stack): Promise<void> {
  const moa = connectMoa(stack.publicUrl);
  await moa.signIn(stack.admin.email, stack.admin.password, { code: () => adminCode(stack) });
  await moa.accountAdmin.rotateSigningKey({});
  moa.close();
}

/** Callers who never stop: each reads, with a token and without, and renews its token when it comes of age. */
async function startLoad(stack: Stack, door: Door) {
  const reasons = new Map<string, number>();
  let calls = 0;
  let failed = 0;
  let isStopping = false;
  let pause = Promise.resolve();
  let inFlight = 0;

  const count = async <T>(call: Promise<T>): Promise<T | undefined> => {
    calls++;
    inFlight++;
    try {
      return await call;
    } catch (error) {
      failed++;
      const reason = error instanceof Failure ? error.reason : String(error);
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
      return undefined;
    } finally {
      inFlight--;
    }
  };
  const keepCalling = async (first: Tokens) => {
    let tokens = first;
    const kinds: (() => Promise<unknown>)[] = [
      () => door.call(ProjectServiceDefinition, 'listProjects', EVERYTHING),
      () => door.call(PledgeServiceDefinition, 'listMyPledges', { pageSize: 1, pageToken: '' }, { token: tokens.accessToken }),
      () => door.call(UserServiceDefinition, 'getProfile', {}, { token: tokens.accessToken }),
    ];
    for (let turn = 0; !isStopping; turn++) {
      await pause;
      if (tokens.accessExpireTime!.getTime() - stack.now().getTime() < RENEW_BEFORE_MS) {
        const renewed = await count(door.call(AuthServiceDefinition, 'refreshToken', { refreshToken: tokens.refreshToken }));
        tokens = renewed?.tokens ?? tokens;
      } else {
        await count(kinds[turn % kinds.length]!());
      }
    }
  };
  const people = await Promise.all(Array.from({ length: CALLERS }, () => signIn(door)));
  const callers = Promise.all(people.map(keepCalling));

  return {
    reasons,
    counts: () => ({ calls, failed }),
    /** A token that expires on its way because the clock jumps is no failure of a rotation: nobody is on the way then. */
    async pausedWhile(work: () => void): Promise<void> {
      let resume = () => {};
      pause = new Promise((resolve) => {
        resume = resolve;
      });
      while (inFlight > 0) await sleep(1);
      work();
      resume();
    },
    async stop(): Promise<void> {
      isStopping = true;
      await callers;
    },
  };
}

async function signIn(door: Door): Promise<Tokens> {
  const [email, password] = [`${randomUUID()}@moa.example`, randomUUID()];
  await door.call(AuthServiceDefinition, 'signUp', { requestId: randomUUID(), email, password });
  return (await door.call(AuthServiceDefinition, 'signIn', { email, password, device: '' })).tokens!;
}
