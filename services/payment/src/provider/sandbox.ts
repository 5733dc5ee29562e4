// The sandbox provider over HTTP. See packages/sandbox-provider/README.md.
import { z } from 'zod';
import { PAYMENT_KEY_MISMATCH } from '../domain/instant-payment.js';
import type { BookLine } from '../domain/reconciliation.js';
import { type Api, type ApiOptions, minorUnits, openApi, type Reply, read as readReply } from './http.js';
import { CardRefused, type PaymentProvider, type ProviderCharge, type Refusal } from './port.js';
import { checkSignature, readEvent } from './sandbox-webhook.js';

export interface SandboxOptions extends Omit<ApiOptions, 'authorization'> {
  readonly apiKey: string;
  /** What it signs its webhooks with. */
  readonly webhookSecret: string;
}

const cardReasons = { card_number_invalid: 'CARD_INVALID', card_expired: 'CARD_EXPIRED', card_refused: 'CARD_REFUSED' } as const;
/** Errors that say for sure that nothing was booked. */
const REFUSED_CODES: ReadonlySet<string> = new Set([
  'billing_key_not_found',
  'invalid_request',
  'refund_too_large',
  'charge_not_paid',
  PAYMENT_KEY_MISMATCH,
  'payment_expired',
  'payment_ended',
  'checkout_closed',
]);

const errorShape = z.object({ error: z.object({ code: z.string() }) });
const cardShape = z.object({ billingKey: z.string().min(1), brand: z.string(), last4: z.string().regex(/^\d{4}$/) });
const chargeShape = z.object({
  id: z.string().min(1),
  state: z.enum(['SUCCEEDED', 'DECLINED', 'PARTIALLY_REFUNDED', 'CANCELED', 'CHARGED_BACK']),
  idempotencyKey: z.string(),
  currency: z.string(),
  amountMinor: minorUnits,
  feeMinor: minorUnits,
  declineCode: z.string().optional(),
  refunds: z.array(z.object({ id: z.string().min(1), idempotencyKey: z.string(), amountMinor: minorUnits, feeMinor: minorUnits })),
});

const checkoutShape = z.object({ url: z.url(), charge: chargeShape.optional() });

const BOOK_PAGE = 1_000;
const booksShape = z.object({
  entries: z.array(
    z.object({
      cursor: z.string(),
      type: z.enum(['CHARGE', 'DECLINE', 'REFUND', 'CHARGEBACK']),
      chargeId: z.string(),
      idempotencyKey: z.string(),
      currency: z.string(),
      amountMinor: minorUnits,
      feeMinor: minorUnits,
    }),
  ),
  nextCursor: z.string().optional(),
});

export function sandboxProvider({ apiKey, webhookSecret, ...options }: SandboxOptions): PaymentProvider {
  const api: Api = openApi({ ...options, authorization: `Bearer ${apiKey}` });

  async function charging(name: string, path: string, body: object, idempotencyKey: string): Promise<ProviderCharge | Refusal> {
    const reply = await api({ method: 'POST', path, name, body, idempotencyKey });
    const code = codeOf(reply);
    return code && REFUSED_CODES.has(code) ? { state: 'REFUSED', code } : chargeOf(reply);
  }

  // What was approved of an order, if anything was.
  function approvedOf(reply: Reply): ProviderCharge | undefined {
    if (codeOf(reply) === 'checkout_not_found') return undefined;
    const { charge } = read(checkoutShape, reply);
    return charge && { ...charge, declineCode: charge.declineCode };
  }

  async function ask(path: string, name: string): Promise<ProviderCharge | undefined> {
    const reply = await api({ method: 'GET', path, name });
    return codeOf(reply) === 'charge_not_found' ? undefined : chargeOf(reply);
  }

  return {
    async registerCard(card) {
      // It has no page of its own for cards that are kept.
      if ('authKey' in card) throw new CardRefused('CARD_REFUSED');
      const { ownerNumber: _, ...body } = card;
      const reply = await api({ method: 'POST', path: '/v1/billing-keys', name: '/v1/billing-keys', body });
      const reason = cardReasons[codeOf(reply) as keyof typeof cardReasons];
      if (reason) throw new CardRefused(reason);
      return read(cardShape, reply);
    },
    charge: ({ idempotencyKey, billingKey, currency, amountMinor, orderId }) =>
      charging('/v1/charges', '/v1/charges', { billingKey, currency, orderId, amountMinor: Number(amountMinor) }, idempotencyKey),
    findCharge: (idempotencyKey) => ask(`/v1/charges?idempotencyKey=${encodeURIComponent(idempotencyKey)}`, '/v1/charges'),
    getCharge: (id) => ask(`/v1/charges/${encodeURIComponent(id)}`, '/v1/charges/:id'),
    refund: ({ chargeId, idempotencyKey, amountMinor }) =>
      charging(
        '/v1/charges/:id/refunds',
        `/v1/charges/${encodeURIComponent(chargeId)}/refunds`,
        { amountMinor: Number(amountMinor) },
        idempotencyKey,
      ),
    async openCheckout({ amountMinor, ...order }) {
      const body = { ...order, amountMinor: Number(amountMinor) };
      const { url } = read(checkoutShape, await api({ method: 'POST', path: '/v1/checkouts', name: '/v1/checkouts', body }));
      return { url };
    },
    confirm: ({ idempotencyKey, paymentKey, orderId, currency, amountMinor }) =>
      charging(
        '/v1/payments/confirm',
        '/v1/payments/confirm',
        { paymentKey, orderId, currency, amountMinor: Number(amountMinor) },
        idempotencyKey,
      ),
    findPayment: async (orderId) =>
      approvedOf(await api({ method: 'GET', path: `/v1/checkouts/${encodeURIComponent(orderId)}`, name: '/v1/checkouts/:id' })),
    closeCheckout: async (orderId) =>
      approvedOf(
        await api({ method: 'POST', path: `/v1/checkouts/${encodeURIComponent(orderId)}/close`, name: '/v1/checkouts/:id/close' }),
      ),
    async listBooks(cursor) {
      const path = `/v1/books?after=${cursor || 0}&limit=${BOOK_PAGE}`;
      const { entries, nextCursor } = read(booksShape, await api({ method: 'GET', path, name: '/v1/books' }));
      return { lines: entries.filter(({ type }) => type !== 'DECLINE').map(bookLineOf), nextCursor };
    },
    bookPageMs: options.timeoutMs,
    readWebhook(headers, body) {
      // The machine's own clock, not the house's: the provider stamps with real time.
      checkSignature(webhookSecret, headers, body, Date.now());
      return readEvent(body);
    },
  };
}

const bookLineOf = ({ cursor, type, amountMinor, feeMinor, ...entry }: z.infer<typeof booksShape>['entries'][number]): BookLine => {
  const sign = type === 'CHARGE' ? 1n : -1n;
  return { ...entry, position: Number(cursor), amountMinor: sign * amountMinor, feeMinor: sign * feeMinor };
};

function chargeOf(reply: Reply): ProviderCharge {
  const { declineCode, ...charge } = read(chargeShape, reply);
  return { ...charge, declineCode };
}

const read = <T>(shape: z.ZodType<T>, reply: Reply): T => readReply(shape, reply, codeOf(reply));

function codeOf({ status, body }: Reply): string | undefined {
  return status < 400 ? undefined : errorShape.safeParse(body).data?.error.code;
}
