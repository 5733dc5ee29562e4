// Carries payment's events to their stream, but badly: late, out of their order, and some of them again.
import { setTimeout as sleep } from 'node:timers/promises';
import { connectNats } from '@moa/kit';
import type { Testbed } from '@moa/testkit';

const STREAM = 'PAYMENT';
const CONSUMER = 'funding-payments';
/** What payment publishes under: nobody else listens there. */
export const SENDER_PREFIX = 'sent';
/** Too short to help: what comes twice has to be noticed by the consumer alone. */
const DUPLICATE_WINDOW_MS = 100;
const NANOS = 1_000_000;
const LATE_SHARE = 0.4;
const MOST_LATE_MS = 120;
const AGAIN_SHARE = 0.3;
const AGAIN_AFTER_MS = 150;

export interface Courier {
  /** Everything that was sent has been delivered and handled. */
  isDone(): Promise<boolean>;
  /** Deliveries of something that was delivered before. */
  repeats(): number;
  /** How often an event of funding was told of a key: "PledgePaid <id>". */
  told(types: readonly string[]): Promise<Map<string, number>>;
  close(): Promise<void>;
}

export async function openCourier(bed: Testbed, random: () => number): Promise<Courier> {
  const { connection, jetstream, manager } = await connectNats('test', bed.natsUrl, '');
  await manager.streams.add({
    name: STREAM,
    subjects: ['moa.payment.v1.>'],
    storage: 'memory',
    duplicate_window: DUPLICATE_WINDOW_MS * NANOS,
  });
  const under = new Set<Promise<unknown>>();
  let taken = 0;
  let repeats = 0;
  let failure: unknown;

  connection.subscribe(`${SENDER_PREFIX}.moa.payment.v1.>`, {
    callback(_, { subject, data, headers }) {
      taken++;
      const deliver = async (afterMs: number) => {
        await sleep(afterMs);
        const msgID = headers?.get('Nats-Msg-Id') ?? '';
        await jetstream.publish(subject.slice(SENDER_PREFIX.length + 1), data, { msgID, ...(headers && { headers }) });
      };
      const firstMs = random() < LATE_SHARE ? random() * MOST_LATE_MS : 0;
      watch(deliver(firstMs));
      if (random() >= AGAIN_SHARE) return;
      repeats++;
      watch(deliver(firstMs + AGAIN_AFTER_MS + random() * MOST_LATE_MS));
    },
  });

  function watch(delivery: Promise<void>): void {
    const watched = delivery
      .catch((error) => {
        failure ??= error;
      })
      .finally(() => under.delete(watched));
    under.add(watched);
  }

  return {
    async isDone() {
      if (failure) throw failure;
      const { state } = await manager.streams.info(`${SENDER_PREFIX}_${STREAM}`);
      if (state.messages !== taken || under.size > 0) return false;
      const { num_pending, num_ack_pending } = await manager.consumers.info(STREAM, CONSUMER);
      return num_pending + num_ack_pending === 0;
    },
    repeats: () => repeats,
    async told(types) {
      const counts = new Map<string, number>();
      for (const type of types) {
        const { state } = await manager.streams.info('FUNDING', { subjects_filter: `moa.funding.v1.${type}.*` });
        for (const [subject, count] of Object.entries(state.subjects ?? {})) counts.set(`${type} ${subject.split('.').at(-1)}`, count);
      }
      return counts;
    },
    close: () => connection.close(),
  };
}
