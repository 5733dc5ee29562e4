// Each provider's adapter with a server behind it, for tests of what all adapters have to do.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSandboxProvider } from '@moa/sandbox-provider';
import type { PaymentProvider } from '../../src/provider/port.js';
import { sandboxProvider } from '../../src/provider/sandbox.js';
import { tossProvider } from '../../src/provider/toss.js';
import { startTossServer } from './server.js';
import { korea } from './types.js';

export interface Webhook {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface Rig {
  readonly name: string;
  readonly provider: PaymentProvider;
  /** The same, with a short patience. */
  readonly impatient: PaymentProvider;
  /** What the provider has told so far. */
  readonly webhooks: readonly Webhook[];
  /** Somebody at the provider gives money back, past us. */
  refundBehindOurBack(chargeId: string, amountMinor: number): Promise<void>;
  /** The next refund is done, and never answered. */
  loseRefundAnswer(): Promise<void>;
  close(): Promise<void>;
}

const PATIENT_MS = 5_000;
const IMPATIENT_MS = 400;
const RATE = { ratePerSecond: 10_000 };
export const FEE_BASIS_POINTS = 240n;
export const SECRET_KEY = 'test_sk_of_the_tests';

// Takes what comes.
async function openDoor() {
  const taken: Webhook[] = [];
  const server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    taken.push({
      headers: Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)])),
      body: Buffer.concat(chunks),
    });
    response.writeHead(200).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { taken, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close: () => server.close() };
}

export async function sandboxRig(): Promise<Rig> {
  const door = await openDoor();
  const dataFolder = mkdtempSync(join(tmpdir(), 'moa-rig-'));
  const keys = { apiKey: 'key', webhookSecret: 'secret' };
  const server = await startSandboxProvider({ listen: '127.0.0.1:0', dataFolder, ...keys, webhookUrl: door.url });
  const adapter = (timeoutMs: number) => sandboxProvider({ url: server.url, ...keys, timeoutMs, ...RATE });
  const post = async (path: string, body: object): Promise<void> => {
    const headers = { authorization: `Bearer ${keys.apiKey}`, 'content-type': 'application/json', 'idempotency-key': randomUUID() };
    await fetch(server.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
  };
  return {
    name: 'sandbox',
    provider: adapter(PATIENT_MS),
    impatient: adapter(IMPATIENT_MS),
    webhooks: door.taken,
    refundBehindOurBack: (chargeId, amountMinor) => post(`/v1/charges/${chargeId}/refunds`, { amountMinor }),
    loseRefundAnswer: () => post('/v1/faults', { kind: 'TIMEOUT_AFTER_SUCCESS', operation: 'REFUND' }),
    async close() {
      await server.stop();
      door.close();
      rmSync(dataFolder, { recursive: true, force: true });
    },
  };
}

export async function tossRig(): Promise<Rig & { readonly server: Awaited<ReturnType<typeof startTossServer>> }> {
  const door = await openDoor();
  const server = await startTossServer({ secretKey: SECRET_KEY, webhookUrl: door.url });
  const booksSince = korea().slice(0, 10);
  const adapter = (timeoutMs: number) =>
    tossProvider({ url: server.url, secretKey: SECRET_KEY, feeBasisPoints: FEE_BASIS_POINTS, booksSince, timeoutMs, ...RATE });
  return {
    name: 'toss',
    server,
    provider: adapter(PATIENT_MS),
    impatient: adapter(IMPATIENT_MS),
    webhooks: door.taken,
    async refundBehindOurBack(chargeId, cancelAmount) {
      server.books.cancel(chargeId, { cancelReason: '상점 관리자 취소', cancelAmount });
    },
    loseRefundAnswer: async () => server.fault({ operation: 'CANCEL', kind: 'SILENT_AFTER' }),
    async close() {
      await server.stop();
      door.close();
    },
  };
}
