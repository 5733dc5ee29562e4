// Payment and a real sandbox provider for one test file, and the callers that the tests are about.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InstantPaymentServiceDefinition } from '@moa/contracts/payment/v1/instant_payment_service';
import { type BillingMethod, type Payment, Payment_State } from '@moa/contracts/payment/v1/payment';
import {
  type Charge,
  FundingPaymentServiceDefinition,
  LedgerServiceDefinition,
  ProviderWebhookServiceDefinition,
} from '@moa/contracts/payment/v1/payment_service';
import { connectNats, type Running, readConfig } from '@moa/kit';
import { type BookEntry, type BookTotals, type RunningProvider, signWebhook, startSandboxProvider, testCard } from '@moa/sandbox-provider';
import { openTestbed, until } from '@moa/testkit';
import pg from 'pg';
import * as assert from 'uvu/assert';
import { variables } from '../src/config.js';
import { startPayment } from '../src/service.js';

export const API_KEY = 'test-api-key';
export const WEBHOOK_SECRET = 'test-webhook-secret';
/** Entries of a payment that was charged, and given back in one piece: the charge, what is due, and what was given back. */
export const CHARGED_AND_REFUNDED = 4 + 3 + 4;
/** For tests that are about timeouts: soon over. */
export const IMPATIENT = { PROVIDER_TIMEOUT_MS: '1000' };

export type Stand = Awaited<ReturnType<typeof openStand>>;

export interface LedgerRow {
  readonly kind: string;
  readonly account: string;
  readonly owner_id: string | null;
  readonly currency: string;
  readonly amount_minor: string;
}

/** A bed with a provider and payment's own database. */
export async function openStand(name: string, webhookUrl?: string) {
  const bed = await openTestbed(name);
  const folder = mkdtempSync(join(tmpdir(), 'moa-provider-'));
  const startProvider = (listen = '127.0.0.1:0') =>
    startSandboxProvider({ listen, dataFolder: folder, apiKey: API_KEY, webhookSecret: WEBHOOK_SECRET, ...(webhookUrl && { webhookUrl }) });
  let provider: RunningProvider = await startProvider();
  const providerUrl = provider.url;
  const database = new pg.Pool({ connectionString: await bed.databaseUrl('payment'), max: 4 });
  const nats = await connectNats('test', bed.natsUrl, '');
  const started = new Set<Running>();

  const environment = async (): Promise<Record<string, string>> => ({
    ...(await bed.environment('payment')),
    PROVIDER_URL: providerUrl,
    // Asked by a reconciliation only, which is tested with the real ones.
    FUNDING_ADDRESS: '127.0.0.1:1',
    PURCHASE_ADDRESS: '127.0.0.1:1',
    SELLER_ADDRESS: '127.0.0.1:1',
    BANK_URL: providerUrl,
    BANK_API_KEY: API_KEY,
    PROVIDER_API_KEY: API_KEY,
    WEBHOOK_SECRET,
  });
  const ask = async <T>(path: string, body?: object, key = ''): Promise<T> => {
    const headers = { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json', 'idempotency-key': key };
    const response = await fetch(providerUrl + path, body ? { method: 'POST', headers, body: JSON.stringify(body) } : { headers });
    return (await response.json()) as T;
  };
  const rows = async <T extends pg.QueryResultRow>(query: string, ...values: unknown[]): Promise<T[]> =>
    (await database.query<T>(query, values)).rows;

  const stand = {
    bed,
    database,
    environment,
    rows,
    /** Starts payment in this process; stopped at the end, unless the test does. */
    async start(more: Record<string, string> = {}): Promise<Running> {
      const running = await startPayment(readConfig(variables, { ...(await environment()), ...more }));
      const stop = () => {
        started.delete(running);
        return running.stop();
      };
      started.add(running);
      return { ...running, stop };
    },
    clients: (address: string) => ({
      payments: bed.connect(FundingPaymentServiceDefinition, address),
      funding: bed.connect(FundingPaymentServiceDefinition, address, { as: 'funding' }),
      orders: bed.connect(InstantPaymentServiceDefinition, address),
      purchase: bed.connect(InstantPaymentServiceDefinition, address, { as: 'purchase' }),
      ledger: bed.connect(LedgerServiceDefinition, address),
      webhooks: bed.connect(ProviderWebhookServiceDefinition, address, { as: 'gateway' }),
    }),
    stopProvider: () => provider.stop(),
    async startProviderAgain(): Promise<void> {
      provider = await startProvider(new URL(providerUrl).host);
    },
    /** Switches a fault on at the provider, e.g. { kind: 'TIMEOUT_AFTER_SUCCESS', operation: 'REFUND' }. */
    fault: (fault: object) => ask('/v1/faults', fault),
    /** What the provider's books say of a pledge or an order, and nothing of declines. */
    async bookedOf(pledgeOrOrderId: string): Promise<string[]> {
      const { entries } = await ask<{ entries: BookEntry[] }>('/v1/books?limit=1000');
      return entries
        .filter(({ orderId, type }) => orderId === pledgeOrOrderId && type !== 'DECLINE')
        .map(({ type, amountMinor }) => `${type} ${amountMinor}`);
    },
    chargeAt: (paymentId: string, attempt = 1) => ask<{ id: string; state: string }>(`/v1/charges?idempotencyKey=${paymentId}:${attempt}`),
    undelivered: async () => (await ask<{ pendingWebhooks: number }>('/v1/books/totals')).pendingWebhooks,
    /** Gives a charge back at the provider behind our back: all that is left, or a part. */
    cancelAt: (chargeId: string, amountMinor?: number) => ask(`/v1/charges/${chargeId}/refunds`, { amountMinor }, randomUUID()),
    ask,
    webhook,
    /** What the bank of the card's holder does. */
    chargeBackAt: (chargeId: string) => ask(`/v1/charges/${chargeId}/chargeback`, {}),
    /** A charge at the provider that payment has not asked for, or not so. */
    async chargeAtProvider(idempotencyKey: string, amountMinor = 12_000): Promise<{ id: string }> {
      const { cardNumber, expiryMonth, expiryYear } = card();
      const holder = { cardNumber, expiryMonth, expiryYear, holderId: 'somebody' };
      const { billingKey } = await ask<{ billingKey: string }>('/v1/billing-keys', holder);
      return ask('/v1/charges', { billingKey, amountMinor, currency: 'KRW', orderId: 'none' }, idempotencyKey);
    },
    /** What the provider's books say of one of its charges. */
    async entriesAt(chargeId: string): Promise<string[]> {
      const { entries } = await ask<{ entries: BookEntry[] }>('/v1/books?limit=1000');
      return entries.filter((entry) => entry.chargeId === chargeId).map(({ type, amountMinor }) => `${type} ${amountMinor}`);
    },
    /** What each account holds of a payment, by the ledger; nothing of those that are even. */
    async accountsOf(paymentId: string): Promise<Record<string, number>> {
      const sums = await rows<{ account: string; sum: string }>(
        `SELECT account, sum(amount_minor) FROM ledger_entry e JOIN ledger_transaction t ON t.id = e.transaction_id
         WHERE t.payment_id = $1 GROUP BY account HAVING sum(amount_minor) <> 0 ORDER BY account`,
        paymentId,
      );
      return Object.fromEntries(sums.map(({ account, sum }) => [account, Number(sum)]));
    },
    /** The business keys of a payment's transactions, without ids. */
    async keysOf(paymentId: string): Promise<string[]> {
      const keys = await rows<{ key: string }>(
        `SELECT split_part(business_key, ':', 1) AS key FROM ledger_transaction WHERE payment_id = $1 ORDER BY id`,
        paymentId,
      );
      return keys.map(({ key }) => key);
    },
    ledgerOf: (paymentId: string): Promise<LedgerRow[]> =>
      rows<LedgerRow>(
        `SELECT t.kind, e.account, e.owner_id, e.currency, e.amount_minor FROM ledger_transaction t JOIN ledger_entry e ON e.transaction_id = t.id
         WHERE t.payment_id = $1 ORDER BY e.id`,
        paymentId,
      ),
    /** How often each event of a payment or an account was published, once everything is. */
    async eventsOf(key: string): Promise<Record<string, number>> {
      await until(async () => (await rows('SELECT FROM kit.outbox')).length === 0);
      const { state } = await nats.manager.streams.info('PAYMENT', { subjects_filter: `moa.payment.v1.*.${key}` });
      return Object.fromEntries(Object.entries(state.subjects ?? {}).map(([subject, count]) => [subject.split('.')[3], count]));
    },
    /** The books agree: the ledger sums to zero, and what it says of the provider is what the provider says. */
    async checkBooks(): Promise<void> {
      const [sums] = await rows<{ total: string; clearing: string; fee: string }>(
        `SELECT coalesce(sum(amount_minor), 0) AS total, coalesce(sum(amount_minor) FILTER (WHERE account = 'PROVIDER_CLEARING'), 0) AS clearing,
           coalesce(-sum(amount_minor) FILTER (WHERE account = 'PROVIDER_FEE'), 0) AS fee FROM ledger_entry`,
      );
      const { totals } = await ask<{ totals: BookTotals[] }>('/v1/books/totals');
      const {
        chargedMinor = 0,
        refundedMinor = 0,
        chargedBackMinor = 0,
        feeMinor = 0,
      } = totals.find(({ currency }) => currency === 'KRW') ?? {};
      assert.equal(sums, { total: '0', clearing: String(chargedMinor - refundedMinor - chargedBackMinor), fee: String(feeMinor) });
    },
    /** Payment, wherever it runs in this process. */
    async stopAll(): Promise<void> {
      for (const running of started) await running.stop();
      started.clear();
    },
    async close(): Promise<void> {
      await stand.stopAll();
      await nats.connection.close();
      await database.end();
      await provider.stop();
      await bed.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return stand;
}

export type Clients = ReturnType<Stand['clients']>;

/** A card as a person types it in. */
export const card = (cardNumber = testCard('PLAIN')) => ({
  requestId: randomUUID(),
  cardNumber,
  expiryMonth: 12,
  expiryYear: 2099,
  authKey: '',
  ownerNumber: '',
});

/** Somebody with a card of this kind. */
export async function backerWith({ bed }: Stand, { payments }: Clients, cardNumber?: string) {
  const backerId = randomUUID();
  const token = await bed.as(backerId);
  const request = card(cardNumber);
  // A busy machine may be slow to answer.
  const { billingMethod } = await until(() => payments.registerBillingMethod(request, token));
  return { backerId, token, method: billingMethod as BillingMethod };
}

export type Backer = Awaited<ReturnType<typeof backerWith>>;

/** What funding asks to be charged for a new pledge. */
export const chargeOf = ({ backerId, method }: Backer, more: Partial<Charge> = {}): Charge => ({
  pledgeId: randomUUID(),
  projectId: randomUUID(),
  sellerId: randomUUID(),
  backerId,
  billingMethodId: method.id,
  amount: { currencyCode: 'KRW', amountMinor: 30_000n },
  attempt: 1,
  platformCouponMinor: 0n,
  sellerCouponMinor: 0n,
  pointsMinor: 0n,
  ...more,
});

export const batch = (...charges: Charge[]) => ({ requestId: randomUUID(), charges });

/** The payment, once it is no longer under way; or, with a state, once it has that. */
export function settled({ payments }: Clients, { token }: Backer, pledgeId: string, state?: Payment_State): Promise<Payment> {
  return until(async () => {
    const { payment } = await payments.getPayment({ pledgeId }, token);
    const isThere = state === undefined ? payment!.state !== Payment_State.STATE_CHARGING : payment!.state === state;
    return isThere ? payment : undefined;
  });
}

/** A payment that was charged. */
export async function paidCharge(stand: Stand, clients: Clients, amountMinor = 30_000n, more: Partial<Charge> = {}) {
  const backer = await backerWith(stand, clients);
  const charge = chargeOf(backer, { amount: { currencyCode: 'KRW', amountMinor }, ...more });
  await clients.funding.chargePledges(batch(charge));
  const { id } = await settled(clients, backer, charge.pledgeId);
  const { id: chargeId } = await stand.chargeAt(id);
  return { backer, charge, pledgeId: charge.pledgeId, id, chargeId };
}

/** What funding asks to be given back. */
export const refundOf = (pledgeId: string, amountMinor: bigint) => ({
  requestId: randomUUID(),
  pledgeId,
  reason: '환불 요청',
  amount: { currencyCode: 'KRW', amountMinor },
});

/** The error that a call ends with. */
export const errorOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => undefined,
    (error) => error,
  );

/** A webhook about a charge, as the provider signs it. */
function webhook(chargeId: string, type: string) {
  const body = JSON.stringify({
    id: `evt_${randomUUID()}`,
    type,
    createTime: new Date().toISOString(),
    data: { charge: { id: chargeId } },
  });
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const headers = { 'provider-timestamp': timestamp, 'provider-signature': signWebhook(WEBHOOK_SECRET, timestamp, body) };
  return { body: Buffer.from(body), headers };
}
