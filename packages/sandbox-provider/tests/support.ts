// A provider of its own for one test file: its folder, its process, and a small client.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startSandboxProvider } from '../src/provider.js';
import type { BookEntry, Charge, WebhookEvent } from '../src/types.js';

const API_KEY = 'test-api-key';
export const WEBHOOK_SECRET = 'test-webhook-secret';
const UNTIL_LIMIT_MS = 10_000;

export interface Reply<T = { error?: { code: string; field?: string } }> {
  readonly status: number;
  readonly body: T;
}

export function clientOf(url: string) {
  async function call<T>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
    signal?: AbortSignal,
  ): Promise<Reply<T>> {
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json', connection: 'close', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
    });
    return { status: response.status, body: (await response.json()) as T };
  }
  return {
    url,
    call,
    async billingKey(cardNumber: string): Promise<string> {
      const answer = await call<{ billingKey: string }>('POST', '/v1/billing-keys', {
        cardNumber,
        expiryMonth: 12,
        expiryYear: 2099,
        holderId: 'h1',
      });
      return answer.body.billingKey;
    },
    charge(billingKey: string, idempotencyKey: string, amountMinor = 10_000, timeoutMs?: number) {
      const body = { billingKey, amountMinor, currency: 'KRW', orderId: `order-${idempotencyKey}` };
      return call<Charge & { error?: { code: string } }>(
        'POST',
        '/v1/charges',
        body,
        { 'idempotency-key': idempotencyKey },
        timeoutMs ? AbortSignal.timeout(timeoutMs) : undefined,
      );
    },
    cancel(id: string, idempotencyKey: string) {
      return call<Charge & { error?: { code: string } }>('POST', `/v1/charges/${id}/refunds`, {}, { 'idempotency-key': idempotencyKey });
    },
    async books(): Promise<BookEntry[]> {
      const entries: BookEntry[] = [];
      for (let cursor: string | undefined = '0'; cursor !== undefined; ) {
        const page: Reply<{ entries: BookEntry[]; nextCursor?: string }> = await call('GET', `/v1/books?after=${cursor}&limit=7`);
        entries.push(...page.body.entries);
        cursor = page.body.nextCursor;
      }
      return entries;
    },
    async pendingWebhooks(): Promise<number> {
      return (await call<{ pendingWebhooks: number }>('GET', '/v1/books/totals')).body.pendingWebhooks;
    },
  };
}

export async function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'moa-provider-'));
}

export function removeFolder(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true });
}

export function startInProcess(dataFolder: string, webhookUrl?: string) {
  return startSandboxProvider({
    listen: '127.0.0.1:0',
    dataFolder,
    apiKey: API_KEY,
    webhookSecret: WEBHOOK_SECRET,
    ...(webhookUrl ? { webhookUrl } : {}),
  });
}

/** The provider as a process of its own, to be killed. */
export async function startProcess(dataFolder: string): Promise<{ url: string; kill: () => Promise<void> }> {
  const main = fileURLToPath(new URL('../src/main.js', import.meta.url));
  const child: ChildProcess = spawn(process.execPath, [main], {
    env: { PATH: process.env.PATH, LISTEN: '127.0.0.1:0', DATA_FOLDER: dataFolder, API_KEY, WEBHOOK_SECRET },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    const url = /http:\S+/.exec(line)?.[0];
    if (!url) continue;
    return {
      url,
      async kill() {
        child.kill('SIGKILL');
        await exited;
      },
    };
  }
  throw new Error('the provider did not start');
}

export interface Received {
  readonly event: WebhookEvent;
  readonly rawBody: string;
  readonly timestamp: string;
  readonly signature: string;
}

/** The merchant's side of webhooks; `answer` decides the status of each. */
export async function startReceiver(answer: (nth: number) => number = () => 200) {
  const received: Received[] = [];
  const server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const rawBody = Buffer.concat(chunks).toString('utf8');
    received.push({
      event: JSON.parse(rawBody) as WebhookEvent,
      rawBody,
      timestamp: String(incoming.headers['provider-timestamp']),
      signature: String(incoming.headers['provider-signature']),
    });
    response.writeHead(answer(received.length)).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks`,
    received,
    of: (chargeId: string) => received.filter(({ event }) => event.data.charge.id === chargeId),
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + UNTIL_LIMIT_MS;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('what the test waits for did not happen');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
