// The sandbox provider over HTTP. See packages/sandbox-provider/README.md.
import { z } from 'zod';
import type { BookLine } from '../domain/reconciliation.js';
import { type Api, type ApiOptions, minorUnits, openApi, type Reply, read as readReply } from './http.js';
import { CardRefused, type PaymentProvider, type ProviderCharge } from './port.js';
import { checkSignature, readEvent } from './sandbox-webhook.js';

export interface SandboxOptions extends Omit<ApiOptions, 'authorization'> {
  readonly apiKey: string;
  /** What it signs its webhooks with. */
  readonly webhookSecret: string;
}

const cardReasons = { card_number_invalid: 'CARD_INVALID', card_expired: 'CARD_EXPIRED', card_refused: 'CARD_REFUSED' } as const;
/** Errors that say for sure that nothing was booked. */
const REFUSED_CODES: ReadonlySet<string> = new Set(['billing_key_not_found', 'invalid_request', 'refund_too_large', 'charge_not_paid']);

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

  async function ask(path: string, name: string): Promise<ProviderCharge | undefined> {
    const reply = await api({ method: 'GET', path, name });
    return codeOf(reply) === 'charge_not_found' ? undefined : chargeOf(reply);
  }

  return {
    async registerCard(card) {
      const reply = await api({ method: 'POST', path: '/v1/billing-keys', name: '/v1/billing-keys', body: card });
      const reason = cardReasons[codeOf(reply) as keyof typeof cardReasons];
      if (reason) throw new CardRefused(reason);
      return read(cardShape, reply);
    },
    async charge({ idempotencyKey, billingKey, currency, amountMinor, orderId }) {
      const body = { billingKey, currency, orderId, amountMinor: Number(amountMinor) };
      const reply = await api({ method: 'POST', path: '/v1/charges', name: '/v1/charges', body, idempotencyKey });
      const code = codeOf(reply);
      if (code && REFUSED_CODES.has(code)) return { state: 'REFUSED', code };
      return chargeOf(reply);
    },
    findCharge: (idempotencyKey) => ask(`/v1/charges?idempotencyKey=${encodeURIComponent(idempotencyKey)}`, '/v1/charges'),
    getCharge: (id) => ask(`/v1/charges/${encodeURIComponent(id)}`, '/v1/charges/:id'),
    async refund({ chargeId, idempotencyKey, amountMinor }) {
      const path = `/v1/charges/${encodeURIComponent(chargeId)}/refunds`;
      const body = { amountMinor: Number(amountMinor) };
      const reply = await api({ method: 'POST', path, name: '/v1/charges/:id/refunds', body, idempotencyKey });
      const code = codeOf(reply);
      if (code && REFUSED_CODES.has(code)) return { state: 'REFUSED', code };
      return chargeOf(reply);
    },
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
