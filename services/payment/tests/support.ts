// Payment and a sandbox provider for one test file, and the callers that the tests are about.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  FundingPaymentServiceDefinition,
  LedgerServiceDefinition,
  ProviderWebhookServiceDefinition,
} from '@moa/contracts/payment/v1/payment_service';
import type { Running } from '@moa/kit';
import { readConfig } from '@moa/kit';
import { type BookEntry, type BookTotals, type RunningProvider, startSandboxProvider, testCard } from '@moa/sandbox-provider';
import { openTestbed } from '@moa/testkit';
import pg from 'pg';
import { variables } from '../src/config.js';
import { startPayment } from '../src/service.js';

export const API_KEY = 'test-api-key';
export const WEBHOOK_SECRET = 'test-webhook-secret';
// Short, so that a timeout is soon over; long enough for a busy machine.
const TIMEOUT_MS = 1_000;

export type Stand = Awaited<ReturnType<typeof openStand>>;

export interface Outgoing {
  readonly id: string;
  readonly type: string;
  readonly key: string;
  readonly body: Record<string, unknown>;
}

/** A bed with a provider. Payment is started by the test, in this process or in one of its own. */
export async function openStand(name: string) {
  const bed = await openTestbed(name);
  const folder = mkdtempSync(join(tmpdir(), 'moa-provider-'));
  const startProvider = (listen = '127.0.0.1:0') =>
    startSandboxProvider({ listen, dataFolder: folder, apiKey: API_KEY, webhookSecret: WEBHOOK_SECRET });
  let provider: RunningProvider = await startProvider();
  const providerUrl = provider.url;
  const database = new pg.Pool({ connectionString: await bed.databaseUrl('payment'), max: 4 });
  const environment = async () => ({
    ...(await bed.environment('payment')),
    PROVIDER_URL: providerUrl,
    PROVIDER_API_KEY: API_KEY,
    WEBHOOK_SECRET,
    PROVIDER_TIMEOUT_MS: String(TIMEOUT_MS),
  });
  const started: Running[] = [];

  const askProvider = async <T>(path: string): Promise<T> => {
    const response = await fetch(providerUrl + path, { headers: { authorization: `Bearer ${API_KEY}` } });
    return (await response.json()) as T;
  };

  return {
    bed,
    database,
    environment,
    providerUrl,
    askProvider,
    async start(): Promise<string> {
      const running = await startPayment(readConfig(variables, await environment()));
      started.push(running);
      return running.address;
    },
    stopProvider: () => provider.stop(),
    async startProviderAgain(): Promise<void> {
      provider = await startProvider(new URL(providerUrl).host);
    },
    books: async (): Promise<readonly BookEntry[]> => (await askProvider<{ entries: BookEntry[] }>('/v1/books?limit=1000')).entries,
    totals: async (): Promise<readonly BookTotals[]> => (await askProvider<{ totals: BookTotals[] }>('/v1/books/totals')).totals,
    clients: (address: string) => ({
      payments: bed.connect(FundingPaymentServiceDefinition, address),
      funding: bed.connect(FundingPaymentServiceDefinition, address, { as: 'funding' }),
      ledger: bed.connect(LedgerServiceDefinition, address),
      webhooks: bed.connect(ProviderWebhookServiceDefinition, address, { as: 'gateway' }),
    }),
    async close(): Promise<void> {
      for (const running of started) await running.stop();
      await database.end();
      await bed.close();
      await provider.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A card as a person types it in. */
export const card = (cardNumber = testCard('PLAIN')) => ({ requestId: randomUUID(), cardNumber, expiryMonth: 12, expiryYear: 2099 });
