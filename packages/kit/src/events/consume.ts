// Handles events: each exactly once in its effect, keys side by side. A retried event may come after a newer one of its key, so an effect
// that must not go back compares versions.
import { setTimeout as sleep } from 'node:timers/promises';
import { AckPolicy, type ConsumerMessages, JetStreamApiCodes, JetStreamApiError, type JsMsg } from '@nats-io/jetstream';
import type { Gauge } from 'prom-client';
import type { Clock } from '../clock.js';
import { crashPoint } from '../crash-point.js';
import type { Transaction } from '../database.js';
import type { Logger } from '../log.js';
import type { Delivery, Inbox } from './inbox.js';
import type { Nats } from './nats.js';
import type { Subscription } from './subscription.js';

const MAX_PENDING = 256;
// Events of one key share a lane, and a lane handles one at a time.
const LANES = 8;
// How often a message says within its time that it is still being handled.
const WORKING_PER_ACK_WAIT = 2.5;
const STORE_RETRY_MS = 1_000;
const STREAM_RETRY_MS = 500;
const TICK_MS = 1_000;
const STALLED_AFTER_MS = 30_000;
const NANOS = 1_000_000;

/** How long a consumer waits for its own: see Consuming. */
export interface Patience {
  /** How long the messages of a consumer that died stay unhandled. */
  readonly ackWaitMs: number;
  /** After the first failure, the second, ...; a failure more than there are of these, and the event is put away. */
  readonly retryAfterMs: readonly number[];
}

const PATIENCE: Patience = { ackWaitMs: 5_000, retryAfterMs: [1_000, 5_000, 30_000, 120_000] };

export interface Consumer {
  stop(): Promise<void>;
}

export interface Consuming<C> {
  /** The durable's name: <service>-<purpose>; the same for ever. */
  readonly name: string;
  /** The domain whose stream is read. */
  readonly domain: string;
  readonly inbox: Inbox<C>;
  readonly subscriptions: readonly Subscription<C>[];
  readonly nats: Nats;
  readonly clock: Clock;
  readonly log: Logger;
  /** Events not yet handled, by consumer and stream. */
  readonly pending: Gauge<'consumer' | 'stream'>;
  readonly patience?: Patience;
}

/** Starts handling events, and goes on until it is stopped; waits for the stream if its owner has not made it yet. */
export function startConsumer<C>(consuming: Consuming<C>): Consumer {
  const { name, domain, inbox, subscriptions, nats, clock, log, pending, patience = PATIENCE } = consuming;
  const { ackWaitMs, retryAfterMs } = patience;
  const maxFailures = retryAfterMs.length + 1;
  const { manager, jetstream, subjects } = nats;
  const stream = subjects.streamOf(domain);
  const effects = new Map(subscriptions.map((subscription) => [subscription.type, subscription]));
  const stopping = new AbortController();
  const lanes = Array.from({ length: LANES }, () => Promise.resolve());
  let messages: ConsumerMessages | undefined;
  let handledAtMs = performance.now();

  const ended = Promise.all([consume(), tick()]);
  return {
    async stop() {
      stopping.abort();
      // What is held is finished; what is only waiting goes back at once.
      messages?.stop();
      await ended;
    },
  };

  async function consume(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await ensureConsumer();
        messages = await (await jetstream.consumers.get(stream, name)).consume({ max_messages: MAX_PENDING });
        if (stopping.signal.aborted) messages.stop();
        for await (const message of messages) takeInLane(message);
      } catch (error) {
        const isEarly = error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound;
        if (!isEarly && !stopping.signal.aborted) log.warn({ consumer: name, stream, err: error }, 'the consumer tries again');
        await sleep(STREAM_RETRY_MS, undefined, { signal: stopping.signal }).catch(() => {});
      }
    }
    await Promise.all(lanes);
  }

  // No max_deliver: the server would give up on a message whose handler's process died too often.
  async function ensureConsumer(): Promise<void> {
    const settings = {
      ack_wait: ackWaitMs * NANOS,
      max_ack_pending: MAX_PENDING,
      filter_subjects: [...effects.keys()].map((type) => subjects.subjectOf(type, '*')),
    };
    try {
      await manager.consumers.update(stream, name, settings);
    } catch (error) {
      if (!(error instanceof JetStreamApiError && error.code === JetStreamApiCodes.ConsumerNotFound)) throw error;
      await manager.consumers.add(stream, { durable_name: name, ack_policy: AckPolicy.Explicit, ...settings });
    }
  }

  function takeInLane(message: JsMsg): void {
    const lane = laneOf(subjects.keyOf(message.subject));
    // Also while it waits for its turn: delivered again, it would only wait twice.
    const working = setInterval(() => message.working(), ackWaitMs / WORKING_PER_ACK_WAIT);
    lanes[lane] = lanes[lane]!.then(async () => {
      if (stopping.signal.aborted) message.nak();
      else await handle(message);
      clearInterval(working);
      handledAtMs = performance.now();
    });
  }

  async function apply({ subject, payload, info }: Delivery, tx: Transaction<C>): Promise<void> {
    await effects.get(subjects.typeOf(subject))?.apply(payload, tx, info);
  }

  // Never throws: a message is acknowledged, given back, or put away for people to see.
  async function handle(message: JsMsg): Promise<void> {
    const delivery = deliveryOf(message);
    try {
      await inbox.handle(name, delivery.info.id, clock.now(), (tx) => apply(delivery, tx));
      crashPoint('consumer.committed');
      message.ack();
    } catch (error) {
      // Only failures that could be written down count: while the store is away, the message just waits.
      const failures = await inbox.countFailure(name, delivery, error, maxFailures).catch(() => 0);
      log.warn(
        { consumer: name, subject: message.subject, failures, err: error },
        failures < maxFailures ? 'event failed' : 'event put away',
      );
      if (failures < maxFailures) message.nak(failures === 0 ? STORE_RETRY_MS : retryAfterMs[failures - 1]);
      else message.term();
    }
  }

  function deliveryOf({ subject, headers, data, info, timestamp }: JsMsg): Delivery {
    const time = new Date(headers?.get('Moa-Time') || timestamp);
    return {
      subject,
      payload: data,
      info: {
        id: headers?.get('Nats-Msg-Id') || `${info.stream}:${info.streamSequence}`,
        key: subjects.keyOf(subject),
        version: BigInt(headers?.get('Moa-Version') || 0),
        time,
        at: clock.now(),
        trace: headers?.get('traceparent') ?? '',
      },
    };
  }

  // Once a second: replays what people asked for, says how far the copy has come, and sees a consumer that stands still.
  async function tick(): Promise<void> {
    while (!stopping.signal.aborted) {
      await sleep(TICK_MS, undefined, { signal: stopping.signal }).catch(() => {});
      if (stopping.signal.aborted) return;
      try {
        await inbox.replayDead(name, (delivery, tx) => apply({ ...delivery, info: { ...delivery.info, at: clock.now() } }, tx));
        await noteProgress();
      } catch (error) {
        log.debug({ consumer: name, err: error }, 'the watch waits');
      }
    }
  }

  async function noteProgress(): Promise<void> {
    const asOf = clock.now();
    const { num_pending, num_ack_pending } = await manager.consumers.info(stream, name);
    pending.set({ consumer: name, stream }, num_pending + num_ack_pending);
    if (num_pending + num_ack_pending === 0) {
      handledAtMs = performance.now();
      await inbox.noteProgress(name, domain, asOf);
    } else if (performance.now() - handledAtMs > STALLED_AFTER_MS) {
      log.error({ consumer: name, stream, pending: num_pending, unacknowledged: num_ack_pending }, 'the consumer stands still');
    }
  }
}

function laneOf(key: string): number {
  let hash = 0;
  for (let i = 0; i < key.length; i++) hash = (hash * 31 + key.charCodeAt(i)) | 0;
  return Math.abs(hash) % LANES;
}
