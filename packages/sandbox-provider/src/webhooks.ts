// Delivers events to the merchant, at least once: each is tried until a 2xx, across restarts.

import { createHmac } from 'node:crypto';
import type { PendingEvent } from './books.js';
import type { WebhookEvent } from './types.js';

const ATTEMPT_TIMEOUT_MS = 5_000;
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 30_000;
const MAX_AT_ONCE = 16;
/** A reordered event goes out after the next one did, or after this long. */
const REORDER_WAIT_MS = 1_000;

export interface WebhookOptions {
  readonly url: string | undefined;
  readonly secret: string;
  readonly onDelivered: (eventId: string) => void;
  readonly log: (line: string) => void;
}

export interface Webhooks {
  send(pending: PendingEvent): void;
  stop(): Promise<void>;
}

/** The value of `Provider-Signature`: HMAC-SHA256 over `<timestamp>.<raw body>`, in lower-case hex. */
export function signWebhook(secret: string, timestamp: string, rawBody: string): string {
  return createHmac('sha256', secret).update(`${timestamp}.${rawBody}`).digest('hex');
}

export function startWebhooks({ url, secret, onDelivered, log }: WebhookOptions): Webhooks {
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();
  const held: (() => void)[] = [];
  const queue: (() => void)[] = [];
  let busy = 0;

  async function turn(): Promise<void> {
    if (busy >= MAX_AT_ONCE) await new Promise<void>((resolve) => queue.push(resolve));
    else busy += 1;
  }

  // The turn passes to who waits longest, so `busy` stays as it is.
  function yieldTurn(): void {
    const next = queue.shift();
    if (next) next();
    else busy -= 1;
  }

  async function attempt(event: WebhookEvent): Promise<boolean> {
    await turn();
    try {
      const body = JSON.stringify(event);
      const timestamp = String(Math.floor(Date.now() / 1000));
      const response = await fetch(url as string, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'provider-timestamp': timestamp,
          'provider-event-id': event.id,
          'provider-signature': signWebhook(secret, timestamp, body),
        },
        body,
        signal: AbortSignal.any([stopping.signal, AbortSignal.timeout(ATTEMPT_TIMEOUT_MS)]),
      });
      await response.arrayBuffer();
      return response.ok;
    } catch {
      return false;
    } finally {
      yieldTurn();
    }
  }

  async function untilDelivered(event: WebhookEvent): Promise<void> {
    for (let tries = 0; !stopping.signal.aborted; tries += 1) {
      if (await attempt(event)) return;
      if (tries === 0) log(`webhook ${event.type} ${event.id} not taken, trying on`);
      await wait(Math.min(FIRST_RETRY_MS * 2 ** tries, LONGEST_RETRY_MS), stopping.signal);
    }
  }

  function heldBack(): Promise<void> {
    return Promise.race([new Promise<void>((resolve) => held.push(resolve)), wait(REORDER_WAIT_MS, stopping.signal)]);
  }

  async function deliver({ event, delivery }: PendingEvent): Promise<void> {
    if (delivery.kind === 'LATE') await wait(delivery.delayMs, stopping.signal);
    if (delivery.kind === 'REORDERED') await heldBack();
    await untilDelivered(event);
    if (delivery.kind === 'DUPLICATE') await untilDelivered(event);
    if (stopping.signal.aborted) return;
    onDelivered(event.id);
    for (const release of held.splice(0)) release();
  }

  return {
    send(pending) {
      if (!url) return;
      const delivering = deliver(pending).finally(() => running.delete(delivering));
      running.add(delivering);
    },
    async stop() {
      stopping.abort();
      for (const release of queue.splice(0)) release();
      await Promise.all(running);
    },
  };
}

/** Waits, but no longer than until the signal. */
function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
