import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import { ListProjectsRequest, ProjectServiceDefinition } from '@moa/contracts/funding/v1/project_service';
import { Failure } from '@moa/kit';
import { startStack } from '@moa/stack';
import { verify } from '@node-rs/argon2';
import pg from 'pg';
import { addressOf, type Door, openDoor } from '../door.js';
import { arrivals, closedLoop, median, quantile, type Side } from '../measure.js';
import type { Scenario } from '../scenario.js';

const TURNS = 5;
const TURN_MS = 10_000;
const WARM_UP_MS = 2_000;
// As many as auth hashes at once.
const HASHES_AT_ONCE = 2;
const CALLERS = 8;
const PEOPLE = 300;
const NOTHING = new Uint8Array();
const PASSWORD = 'correct horse battery';
// The door is as in production, so people and flood come from many addresses: no address may sign in more than 30 times a minute.
const ADDRESSES = 500;
// Three times what two hashes at once can serve: the queue of a hundred is full within seconds.
const FLOOD_PER_SECOND = 200;
const READS_PER_SECOND = 50;
const RATE_GOAL = '>= 0.8';
const P99_GOAL = '<= 2';

export const signIn: Scenario = {
  name: 'sign-in',
  number: 14,
  title: 'sign-ins with argon2id through Envoy, against the bare library; and the reads of another service during a flood of them',
  goals: [`${RATE_GOAL} of the library's rate`, `${P99_GOAL} times the p99 of a read without a flood`],
  async run(log) {
    const folder = mkdtempSync(join(tmpdir(), 'moa-bench-'));
    const stack = await startStack({ folder, quiet: true, rateFactor: 1 });
    const door = openDoor(stack.publicUrl);
    try {
      const people = await signUpPeople(door);
      const stored = await readHash(stack.databaseUrls['auth']!);
      const pid = stack.status().find(({ name }) => name === 'auth')!.pid!;
      const service: Side = { call: () => signInAs(door, oneOf(people), PASSWORD), pid };
      const library: Side = { call: () => verify(stored, PASSWORD), pid: process.pid };
      const rates = await measureRates(service, library);

      const ends = new Map<string, number>();
      const count = (end: string) => ends.set(end, (ends.get(end) ?? 0) + 1);
      const flood = () => arrivals(() => guess(door, people).then(count), FLOOD_PER_SECOND, TURN_MS);
      const reads = () => arrivals(() => readProjects(door), READS_PER_SECOND, TURN_MS);
      await reads();
      const calm: number[][] = [];
      const flooded: number[][] = [];
      for (let turn = 0; turn < TURNS; turn++) {
        const measureCalm = async () => calm.push(await reads());
        const measureFlooded = async () => flooded.push((await Promise.all([reads(), flood()]))[0]);
        for (const measure of turn % 2 === 0 ? [measureCalm, measureFlooded] : [measureFlooded, measureCalm]) await measure();
        log(`turn ${turn + 1}: p99 ${p99(calm.at(-1)!).toFixed(1)} ms, in the flood ${p99(flooded.at(-1)!).toFixed(1)} ms`);
      }
      const [calmP99, floodedP99] = [calm, flooded].map((turns) => median(turns.map(p99))) as [number, number];
      return {
        ratios: [
          { what: 'sign-ins/s, auth / library', value: rates.service / rates.library, goal: RATE_GOAL },
          { what: 'p99 of a read, in the flood / without', value: floodedP99 / calmP99, goal: P99_GOAL },
        ],
        sides: [
          { name: `sign-ins through Envoy, right passwords, ${CALLERS} callers`, values: { perSecond: rates.service } },
          { name: `argon2id in a bare process, ${HASHES_AT_ONCE} at once`, values: { perSecond: rates.library } },
          { name: `ListProjects, ${READS_PER_SECOND}/s, no flood`, values: { p50Ms: median(calm.map(p50)), p99Ms: calmP99 } },
          { name: `ListProjects, ${READS_PER_SECOND}/s, in the flood`, values: { p50Ms: median(flooded.map(p50)), p99Ms: floodedP99 } },
          { name: `the flood, ${FLOOD_PER_SECOND}/s from ${ADDRESSES} addresses: how calls ended`, values: Object.fromEntries(ends) },
        ],
      };
    } finally {
      door.close();
      await stack.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

const p50 = (sorted: readonly number[]): number => quantile(sorted, 0.5);
const p99 = (sorted: readonly number[]): number => quantile(sorted, 0.99);

const oneOf = (people: readonly string[]): string => people[Math.floor(Math.random() * people.length)]!;

let calls = 0;
/** The addresses take turns, so that none comes near its limit. */
const nextAddress = (): string => addressOf(calls++ % ADDRESSES);

async function signUpPeople(door: Door): Promise<string[]> {
  const emails = Array.from({ length: PEOPLE }, () => `${randomUUID()}@moa.example`);
  const left = emails.values();
  const signUp = async () => {
    for (const email of left) {
      await door.call(AuthServiceDefinition, 'signUp', { requestId: randomUUID(), email, password: PASSWORD }, { from: nextAddress() });
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, signUp));
  return emails;
}

const signInAs = (door: Door, email: string, password: string) =>
  door.call(AuthServiceDefinition, 'signIn', { email, password, device: '' }, { from: nextAddress() });

const readProjects = (door: Door) =>
  door.call(ProjectServiceDefinition, 'listProjects', ListProjectsRequest.decode(NOTHING), { from: nextAddress() });

/** One call of the flood, and how it ended: half of them people, a quarter guesses at other people, a quarter at nobody. */
async function guess(door: Door, people: readonly string[]): Promise<string> {
  const kind = Math.random();
  const middle = people.length / 2;
  try {
    if (kind < 0.5) await signInAs(door, oneOf(people.slice(0, middle)), PASSWORD);
    else await signInAs(door, kind < 0.75 ? oneOf(people.slice(middle)) : `${randomUUID()}@moa.example`, randomUUID());
    return 'SIGNED_IN';
  } catch (error) {
    if (error instanceof Failure) return error.reason;
    throw error;
  }
}

/** In turns, each time by the side that was second before. */
async function measureRates(service: Side, library: Side): Promise<{ service: number; library: number }> {
  const rates = { service: [] as number[], library: [] as number[] };
  const measure = async (side: 'service' | 'library', durationMs = TURN_MS) => {
    const turn = side === 'service' ? closedLoop(service, CALLERS, durationMs) : closedLoop(library, HASHES_AT_ONCE, durationMs);
    return (await turn).callsPerSecond;
  };
  await measure('service', WARM_UP_MS);
  for (let turn = 0; turn < TURNS; turn++) {
    for (const side of turn % 2 === 0 ? (['service', 'library'] as const) : (['library', 'service'] as const))
      rates[side].push(await measure(side));
  }
  return { service: median(rates.service), library: median(rates.library) };
}

async function readHash(databaseUrl: string): Promise<string> {
  const database = new pg.Client(databaseUrl);
  await database.connect();
  const { rows } = await database.query<{ password_hash: string }>(
    'SELECT password_hash FROM account WHERE password_hash IS NOT NULL LIMIT 1',
  );
  await database.end();
  return rows[0]!.password_hash;
}
