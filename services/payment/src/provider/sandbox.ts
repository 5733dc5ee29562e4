// The sandbox provider over HTTP. See packages/sandbox-provider/README.md.
import { z } from 'zod';
import { PAYMENT_KEY_MISMATCH } from '../domain/instant-payment.js';
import type { BookLine } from '../domain/reconciliation.js';
import { makePace } from './pace.js';
import { CardRefused, OutcomeUnknown, type PaymentProvider, type ProviderCharge, type Refusal } from './port.js';

export interface SandboxOptions {
  readonly url: string;
  readonly apiKey: string;
  /** An answer that takes longer is not waited for. */
  readonly timeoutMs: number;
  /** Calls a second that the provider allows us. */
  readonly ratePerSecond: number;
}

interface Reply {
  readonly status: number;
  readonly body: unknown;
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
const minorUnits = z.int().min(0).transform(BigInt);
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

export function sandboxProvider({ url, apiKey, timeoutMs, ratePerSecond }: SandboxOptions): PaymentProvider {
  const pace = makePace(ratePerSecond);

  async function call(method: 'GET' | 'POST', path: string, body?: object, idempotencyKey?: string): Promise<Reply> {
    await pace();
    const headers: Record<string, string> = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
    if (idempotencyKey) headers['idempotency-key'] = idempotencyKey;
    try {
      const response = await fetch(url + path, {
        method,
        headers,
        signal: AbortSignal.timeout(timeoutMs),
        ...(body && { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: await response.json() };
    } catch (cause) {
      throw new OutcomeUnknown(`${method} ${pathName(path)}: ${(cause as Error).name}`, { cause });
    }
  }

  async function charging(what: string, path: string, body: object, idempotencyKey: string): Promise<ProviderCharge | Refusal> {
    const reply = await call('POST', path, body, idempotencyKey);
    const code = codeOf(reply);
    return code && REFUSED_CODES.has(code) ? { state: 'REFUSED', code } : chargeOf(what, reply);
  }

  // What was approved of an order, if anything was.
  function approvedOf(what: string, reply: Reply): ProviderCharge | undefined {
    if (codeOf(reply) === 'checkout_not_found') return undefined;
    const { charge } = read(checkoutShape, what, reply);
    return charge && { ...charge, declineCode: charge.declineCode };
  }

  async function ask(path: string): Promise<ProviderCharge | undefined> {
    const reply = await call('GET', path);
    if (codeOf(reply) === 'charge_not_found') return undefined;
    return chargeOf('GET /v1/charges', reply);
  }

  return {
    async registerCard(card) {
      const reply = await call('POST', '/v1/billing-keys', card);
      const reason = cardReasons[codeOf(reply) as keyof typeof cardReasons];
      if (reason) throw new CardRefused(reason);
      return read(cardShape, 'POST /v1/billing-keys', reply);
    },
    charge: ({ idempotencyKey, amountMinor, ...order }) =>
      charging('POST /v1/charges', '/v1/charges', { ...order, amountMinor: Number(amountMinor) }, idempotencyKey),
    findCharge: (idempotencyKey) => ask(`/v1/charges?idempotencyKey=${encodeURIComponent(idempotencyKey)}`),
    getCharge: (id) => ask(`/v1/charges/${encodeURIComponent(id)}`),
    refund: ({ chargeId, idempotencyKey, amountMinor }) =>
      charging(
        'POST /v1/charges/:id/refunds',
        `/v1/charges/${encodeURIComponent(chargeId)}/refunds`,
        { amountMinor: Number(amountMinor) },
        idempotencyKey,
      ),
    async openCheckout({ amountMinor, ...order }) {
      const reply = await call('POST', '/v1/checkouts', { ...order, amountMinor: Number(amountMinor) });
      const { url: page } = read(checkoutShape, 'POST /v1/checkouts', reply);
      return { url: page };
    },
    confirm: ({ idempotencyKey, amountMinor, ...order }) =>
      charging('POST /v1/payments/confirm', '/v1/payments/confirm', { ...order, amountMinor: Number(amountMinor) }, idempotencyKey),
    findPayment: async (orderId) => approvedOf('GET /v1/checkouts/:id', await call('GET', `/v1/checkouts/${encodeURIComponent(orderId)}`)),
    closeCheckout: async (orderId) =>
      approvedOf('POST /v1/checkouts/:id/close', await call('POST', `/v1/checkouts/${encodeURIComponent(orderId)}/close`)),
    async listBooks(cursor) {
      const { entries, nextCursor } = read(
        booksShape,
        'GET /v1/books',
        await call('GET', `/v1/books?after=${cursor || 0}&limit=${BOOK_PAGE}`),
      );
      return { lines: entries.filter(({ type }) => type !== 'DECLINE').map(bookLineOf), nextCursor };
    },
  };
}

const bookLineOf = ({ cursor, type, amountMinor, feeMinor, ...entry }: z.infer<typeof booksShape>['entries'][number]): BookLine => {
  const sign = type === 'CHARGE' ? 1n : -1n;
  return { ...entry, position: Number(cursor), amountMinor: sign * amountMinor, feeMinor: sign * feeMinor };
};

function chargeOf(what: string, reply: Reply): ProviderCharge {
  const { declineCode, ...charge } = read(chargeShape, what, reply);
  return { ...charge, declineCode };
}

// Anything but an answer that is understood leaves the outcome unknown.
function read<T>(shape: z.ZodType<T>, what: string, reply: Reply): T {
  const parsed = shape.safeParse(reply.body);
  if (reply.status >= 300 || !parsed.success) throw new OutcomeUnknown(`${what}: ${reply.status} ${codeOf(reply) ?? 'unreadable'}`);
  return parsed.data;
}

function codeOf({ status, body }: Reply): string | undefined {
  return status < 400 ? undefined : errorShape.safeParse(body).data?.error.code;
}

// For messages: without ids.
const pathName = (path: string): string => path.split(/[?]/)[0]!.replace(/(charges|checkouts)\/[^/]+/, '$1/:id');
