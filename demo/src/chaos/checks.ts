// What must hold after a run beside what holds after the story: everything that people were told is there, and each event had one effect.
import { connectNats, type Nats } from '@moa/kit';
import { type Check, countBy, noneOf } from '../checks/check.js';
import type { ConsumerState, Stage } from '../stage.js';
import type { Journal } from './journal.js';

const MESSAGES_AT_ONCE = 1_000;

interface PledgeRow {
  readonly id: string;
  readonly state: string;
  readonly total: string;
  readonly refunded: string;
}

export const journalCheck = (journal: Journal): Check => ({
  says: 'every answer that was given holds, and there is no pledge that nobody asked for',
  async look(stage) {
    const rows = await stage.sql<PledgeRow>('funding', 'SELECT id, state, total_minor AS total, refunded_minor AS refunded FROM pledge');
    const byId = new Map(rows.map((row) => [row.id, row]));
    const broken: string[] = [];
    for (const [id, { totals, canceled, refunded }] of journal.words) {
      const row = byId.get(id);
      byId.delete(id);
      if (!row) broken.push(`pledge ${id} was acknowledged, and is not there`);
      else if (!totals.has(BigInt(row.total)))
        broken.push(`pledge ${id} costs ${row.total}, and its backer was told ${[...totals].join(' or ')}`);
      else if (!canceled.has(row.state === 'CANCELED')) broken.push(`pledge ${id} is ${row.state}, and its backer was told otherwise`);
      else if (!refunded.has(BigInt(row.refunded)))
        broken.push(`of pledge ${id} ${row.refunded} was given back, and not ${[...refunded].join(' or ')}`);
    }
    // Whoever never got an answer may have pledged all the same.
    if (journal.unanswered() === 0) broken.push(...[...byId.keys()].map((id) => `nobody asked for pledge ${id}`));
    return noneOf(broken, `${journal.words.size} pledges, ${journal.committed()} answers`);
  },
});

export const chargedOnce: Check = {
  says: 'every pledge of a project that succeeded was charged once, or dropped after its last try',
  async look(stage) {
    const rows = await stage.sql<{ id: string; state: string; project: string }>(
      'funding',
      'SELECT p.id, p.state, j.state AS project FROM pledge p JOIN project j ON j.id = p.project_id',
    );
    const charges = countBy(
      (await stage.books()).filter(({ type }) => type === 'CHARGE'),
      ({ orderId }) => orderId,
    );
    const expected: Record<string, number> = { PAID: 1, REFUNDED: 1, CANCELED: 0, DROPPED: 0, RELEASED: 0 };
    const broken = rows.filter(({ id, state }) => (charges.get(id) ?? 0) !== expected[state]);
    return noneOf(
      broken.map(({ id, state, project }) => `${state} pledge ${id} of a ${project} project was charged ${charges.get(id) ?? 0} times`),
      `${rows.length} pledges, ${[...charges.values()].reduce((sum, count) => sum + count, 0)} charges`,
    );
  },
};

/** What a consumer's stream holds for it, against what it remembers to have handled. */
export const oneEffectCheck = (natsAdminUrl: string): Check => ({
  says: 'each event had its effect at each of its consumers, once',
  async look(stage) {
    const nats = await connectNats('chaos', natsAdminUrl, '');
    try {
      const consumers = (await stage.consumers()).filter(({ name }) => stage.databases.includes(serviceOf(name)));
      const broken: string[] = [];
      let events = 0;
      for (const consumer of consumers) {
        const sent = await eventsFor(nats, consumer);
        events += sent.size;
        const handled = await handledBy(stage, consumer);
        const missing = [...sent].filter((id) => handled.get(id) !== 1);
        if (missing.length > 0)
          broken.push(`${consumer.name} has not handled ${missing.length} events of ${consumer.stream} once, such as ${missing[0]}`);
      }
      return noneOf(broken, `${consumers.length} consumers, ${events} events`);
    } finally {
      await nats.connection.close();
    }
  },
});

const serviceOf = (consumer: string) => consumer.split('-')[0]!;

async function handledBy(stage: Stage, { name }: ConsumerState): Promise<Map<string, number>> {
  const rows = await stage.sql<{ id: string }>(serviceOf(name), 'SELECT event_id AS id FROM kit.inbox WHERE consumer = $1', [name]);
  return countBy(rows, ({ id }) => id);
}

// By their ids: what was published again after a crash is the same event.
async function eventsFor({ manager, jetstream }: Nats, { name, stream }: ConsumerState): Promise<Set<string>> {
  const { filter_subjects, filter_subject } = (await manager.consumers.info(stream, name)).config;
  const subjects = filter_subjects ?? (filter_subject === undefined ? [] : [filter_subject]);
  const reader = await jetstream.consumers.get(stream, { filter_subjects: subjects, headers_only: true });
  const ids = new Set<string>();
  for (let left = (await reader.info()).num_pending; left > 0; ) {
    for await (const message of await reader.fetch({ max_messages: Math.min(left, MESSAGES_AT_ONCE) })) {
      ids.add(message.headers?.get('Nats-Msg-Id') ?? '');
      left -= 1;
    }
  }
  return ids;
}
