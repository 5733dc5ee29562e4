import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import { PledgeServiceDefinition } from '@moa/contracts/funding/v1/pledge_service';
import { FundingPaymentServiceDefinition } from '@moa/contracts/payment/v1/payment_service';
import { SellerServiceDefinition } from '@moa/contracts/seller/v1/seller_service';
import { UserServiceDefinition } from '@moa/contracts/user/v1/user_service';
import { Failure } from '@moa/kit';
import { startStack } from '@moa/stack';
import { type Door, openDoor } from '../door.js';
import { quantile } from '../measure.js';
import type { Figures, Scenario } from '../scenario.js';

const PEOPLE = 200;
// So many sign out at a time, each when the others are somewhere else in theirs.
const AT_ONCE = 5;
const PEOPLE_WITHOUT_NATS = 100;
// Spread over more than the time between two questions to auth.
const SPREAD_MS = 6_000;
// How closely it is looked at: seldom where it takes seconds, or the looking is all that the machine does.
const LOOK_EVERY_MS = { heard: 2, asked: 100 };
const LIMIT_MS = 5_000;
const GOAL = '<= 1';
// The door's limits are not what is measured.
const NO_LIMIT = 1_000_000;

type Ask = (door: Door, token: string) => Promise<unknown>;

/** One call of each service that takes anybody's token. */
const services: Readonly<Record<string, Ask>> = {
  auth: (door, token) => door.call(AuthServiceDefinition, 'getMyAccount', {}, { token }),
  user: (door, token) => door.call(UserServiceDefinition, 'getProfile', {}, { token }),
  seller: (door, token) => door.call(SellerServiceDefinition, 'getSeller', {}, { token }),
  funding: (door, token) => door.call(PledgeServiceDefinition, 'listMyPledges', { pageSize: 1, pageToken: '' }, { token }),
  payment: (door, token) => door.call(FundingPaymentServiceDefinition, 'listBillingMethods', { pageSize: 1, pageToken: '' }, { token }),
};

export const signOut: Scenario = {
  name: 'sign-out',
  number: 13,
  title: 'from the answer to a sign-out until each service refuses the token, by event, and by asking auth alone (NATS stands still)',
  goals: [`${GOAL} of the ${LIMIT_MS / 1000} s that are promised, at the p99 of the slowest service`],
  async run(log) {
    const folder = mkdtempSync(join(tmpdir(), 'moa-bench-'));
    const stack = await startStack({ folder, quiet: true, rateFactor: NO_LIMIT });
    const door = openDoor(stack.publicUrl);
    const nats = stack.status().find(({ name }) => name === 'nats')!.pid!;
    try {
      const heard = emptyTimes();
      const left = Array.from({ length: PEOPLE }).values();
      const signOutInTurn = async () => {
        for (const _ of left) await measureOne(door, await signIn(door), heard, LOOK_EVERY_MS.heard);
      };
      await Promise.all(Array.from({ length: AT_ONCE }, signOutInTurn));
      log('by event: done');

      const asked = emptyTimes();
      const tokens: string[] = [];
      for (let person = 0; person < PEOPLE_WITHOUT_NATS; person++) tokens.push(await signIn(door));
      process.kill(nats, 'SIGSTOP');
      await Promise.all(
        tokens.map(async (token, person) => {
          await sleep((person * SPREAD_MS) / PEOPLE_WITHOUT_NATS);
          await measureOne(door, token, asked, LOOK_EVERY_MS.asked);
        }),
      );
      return {
        ratios: [
          { what: 'p99 / 5 s, by event', value: worstP99(heard) / LIMIT_MS, goal: GOAL },
          { what: 'p99 / 5 s, by asking alone', value: worstP99(asked) / LIMIT_MS, goal: GOAL },
        ],
        sides: [...figuresOf('by event', heard), ...figuresOf('by asking alone', asked)],
      };
    } finally {
      process.kill(nats, 'SIGCONT');
      door.close();
      await stack.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** How long it took, by service. */
type Times = Readonly<Record<string, number[]>>;

const emptyTimes = (): Times => Object.fromEntries(Object.keys(services).map((name) => [name, []]));

async function signIn(door: Door): Promise<string> {
  const [email, password] = [`${randomUUID()}@moa.example`, randomUUID()];
  await door.call(AuthServiceDefinition, 'signUp', { requestId: randomUUID(), email, password });
  const { tokens } = await door.call(AuthServiceDefinition, 'signIn', { email, password, device: '' });
  return tokens!.accessToken;
}

async function measureOne(door: Door, token: string, times: Times, everyMs: number): Promise<void> {
  for (const ask of Object.values(services)) if (await isRefused(ask(door, token))) throw new Error('a good token was refused');
  await door.call(AuthServiceDefinition, 'signOut', { sessionId: '' }, { token });
  const signedOutMs = performance.now();
  await Promise.all(
    Object.entries(services).map(async ([name, ask]) => {
      while (!(await isRefused(ask(door, token)))) await sleep(everyMs);
      times[name]!.push(performance.now() - signedOutMs);
    }),
  );
}

/** Whatever else a service has against the call, it has taken the token. */
const isRefused = (call: Promise<unknown>): Promise<boolean> =>
  call.then(
    () => false,
    (error) => {
      if (error instanceof Failure) return error.reason === 'TOKEN_REFUSED';
      throw error;
    },
  );

const sorted = (values: readonly number[]) => [...values].sort((x, y) => x - y);

const worstP99 = (times: Times): number => Math.max(...Object.values(times).map((values) => quantile(sorted(values), 0.99)));

const figuresOf = (how: string, times: Times): Figures[] =>
  Object.entries(times).map(([name, values]) => ({
    name: `${name}, ${how}, ${values.length} sign-outs`,
    values: { p50Ms: quantile(sorted(values), 0.5), p99Ms: quantile(sorted(values), 0.99), maxMs: sorted(values).at(-1)! },
  }));
