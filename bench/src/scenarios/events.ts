import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectNats, ensureStream, type Nats } from '@moa/kit';
import { openTestbed } from '@moa/testkit';
import { AckPolicy, type ConsumerMessages, DeliverPolicy } from '@nats-io/jetstream';
import pg from 'pg';
import { median, quantile, startServer } from '../measure.js';
import { findNats, output } from '../programs.js';
import type { Scenario } from '../scenario.js';

const EVENTS = 20_000;
const EVENTS_PER_COMMIT = 50;
const TURNS = 3;
const HELD_AT_ONCE = 500;
// What an event of funding weighs on the wire, with its headers.
const MESSAGE_BYTES = 400;
const STEADY_PER_SECOND = 200;
const STEADY_MS = 10_000;
const GOAL = '>= 0.5';
const LAG_GOAL = '<= 50';

export const events: Scenario = {
  name: 'events',
  number: 8,
  title:
    'from commit to consumer: outbox, relay of the funding service and JetStream, against nats bench on a stream with the same settings',
  goals: [`${GOAL} of nats bench's rate`, `${LAG_GOAL} ms from commit to consumer at p99, at ${STEADY_PER_SECOND} commits a second`],
  async run(log) {
    const program = findNats();
    const bed = await openTestbed('bench-events');
    const nats = await connectNats('test', bed.natsUrl, '');
    const service = await startServer('servers/funding.js', {
      ...(await bed.environment('funding')),
      PAYMENT_ADDRESS: '127.0.0.1:1',
      USER_ADDRESS: '127.0.0.1:1',
      COUPON_ADDRESS: '127.0.0.1:1',
    });
    const database = new pg.Client(await bed.databaseUrl('funding'));
    await database.connect();
    // Nobody else uses this one: it is for nats bench.
    await ensureStream(nats, 'user', { maxBytes: 2 ** 30, maxAgeDays: 1 });
    try {
      const ours: number[] = [];
      const limit: number[] = [];
      for (let turn = 0; turn < TURNS; turn++) {
        const measureOurs = async () => ours.push(await throughput(nats, database));
        const measureLimit = async () => limit.push(await natsBench(program, bed.natsUrl, nats));
        for (const measure of turn % 2 === 0 ? [measureOurs, measureLimit] : [measureLimit, measureOurs]) await measure();
        log(`turn ${turn + 1}: ${ours.at(-1)!.toFixed(0)}/s, nats bench ${limit.at(-1)!.toFixed(0)}/s`);
      }
      const lagsMs = await steadyLags(nats, database);
      const p99Ms = quantile(lagsMs, 0.99);
      return {
        ratios: [
          { what: 'events/s, house / nats bench', value: median(ours) / median(limit), goal: GOAL },
          { what: 'ms from commit to consumer, p99', value: p99Ms, goal: LAG_GOAL },
        ],
        sides: [
          { name: `outbox rows of ${EVENTS_PER_COMMIT} a commit, relayed and consumed`, values: { perSecond: median(ours) } },
          { name: 'nats bench: asynchronous publisher with ids, durable consumer', values: { perSecond: median(limit) } },
          { name: `one event a commit, ${STEADY_PER_SECOND}/s`, values: { p50Ms: quantile(lagsMs, 0.5), p99Ms } },
        ],
      };
    } finally {
      await database.end();
      await nats.connection.close();
      await service.stop();
      await bed.close();
    }
  },
};

/** Events a second, from the first commit until the last has come. */
async function throughput(nats: Nats, database: pg.Client): Promise<number> {
  const consumer = await consume(nats, 'FUNDING');
  const startedMs = performance.now();
  const all = untilCame(consumer, EVENTS);
  for (let committed = 0; committed < EVENTS; committed += EVENTS_PER_COMMIT) await commit(nats, database, EVENTS_PER_COMMIT);
  await all;
  return EVENTS / ((performance.now() - startedMs) / 1000);
}

/** How long each event of a steady stream took from its commit to the consumer, in milliseconds, sorted. */
async function steadyLags(nats: Nats, database: pg.Client): Promise<number[]> {
  const consumer = await consume(nats, 'FUNDING');
  const committedMs = new Map<string, number>();
  const lagsMs: number[] = [];
  const count = (STEADY_PER_SECOND * STEADY_MS) / 1000;
  const all = untilCame(consumer, count, (key) => lagsMs.push(performance.now() - committedMs.get(key)!));
  const startedMs = performance.now();
  for (let n = 0; n < count; n++) {
    await sleep(startedMs + (n * 1000) / STEADY_PER_SECOND - performance.now());
    const key = randomUUID();
    // The event may come before the answer to the commit does.
    committedMs.set(key, performance.now());
    await commit(nats, database, 1, key);
  }
  await all;
  return lagsMs.sort((x, y) => x - y);
}

/** Writes events as a service does, and wakes the relay as another copy of the service would. */
async function commit(nats: Nats, database: pg.Client, count: number, key: string = randomUUID()): Promise<void> {
  await database.query({
    name: 'emit',
    text: `SELECT kit.emit(jsonb_build_object('at', now(), 'trace', ''), 'moa.funding.v1.PledgeCanceled', CASE WHEN $1 = 1 THEN $2::text ELSE id::text END, 1,
             jsonb_build_object('pledgeId', id, 'projectId', id, 'backerId', id, 'total', kit.money('KRW', 10000)))
             FROM (SELECT gen_random_uuid() AS id FROM generate_series(1, $1)) AS made`,
    values: [count, key],
  });
  nats.connection.publish(nats.subjects.wakeOf('funding'));
}

async function consume(nats: Nats, stream: string): Promise<ConsumerMessages> {
  return (await nats.jetstream.consumers.get(stream, await durable(nats, stream))).consume({ max_messages: HELD_AT_ONCE });
}

/** A consumer of what comes from now on. */
async function durable({ manager }: Nats, stream: string): Promise<string> {
  const settings = { ack_policy: AckPolicy.Explicit, max_ack_pending: HELD_AT_ONCE, deliver_policy: DeliverPolicy.New };
  const { name } = await manager.consumers.add(stream, { durable_name: `bench-${randomUUID()}`, ...settings });
  return name;
}

async function untilCame(messages: ConsumerMessages, count: number, onKey: (key: string) => void = () => {}): Promise<void> {
  let came = 0;
  for await (const message of messages) {
    message.ack();
    onKey(message.subject.slice(message.subject.lastIndexOf('.') + 1));
    if (++came === count) return;
  }
}

/** Its publisher and its consumer at once: messages a second, from the start until the last has come. */
async function natsBench(program: string, url: string, nats: Nats): Promise<number> {
  const { host, username, password } = new URL(url);
  const name = await durable(nats, 'USER');
  const common = ['--no-progress', '--msgs', String(EVENTS)];
  const bench = (...args: string[]) =>
    output(program, ['-s', `nats://${host}`, '--user', username, '--password', password, 'bench', 'js', ...args, ...common]);
  const startedMs = performance.now();
  await Promise.all([
    bench('consume', '--stream', 'USER', '--consumer', name, '--batch', String(HELD_AT_ONCE)),
    bench(
      'pub',
      'async',
      'moa.user.v1.Bench',
      '--stream',
      'USER',
      '--dedup',
      '--multisubject',
      '--size',
      String(MESSAGE_BYTES),
      '--batch',
      String(HELD_AT_ONCE),
    ),
  ]);
  return EVENTS / ((performance.now() - startedMs) / 1000);
}
