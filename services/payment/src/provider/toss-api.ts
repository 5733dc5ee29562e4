// The API of Toss Payments as all parts of its adapter use it.
import { z } from 'zod';
import { type Api, type ApiOptions, openApi, type Reply, read as readReply } from './http.js';
import { NOT_FOUND, STILL_AT_WORK } from './toss-codes.js';
import { paymentShape, type TossPayment } from './toss-payment.js';

export interface TossApi {
  readonly call: Api;
  readonly paymentOf: (paymentKey: string) => Promise<TossPayment | undefined>;
  readonly paymentOfOrder: (orderId: string) => Promise<TossPayment | undefined>;
  /** A payment does not tell Toss's fee: this is it by contract. */
  readonly feeBasisPoints: bigint;
}

export interface TossApiOptions extends Omit<ApiOptions, 'authorization'> {
  readonly secretKey: string;
  readonly feeBasisPoints: bigint;
}

/** What it takes. Other currencies need another contract, and come with amounts that are no whole minor units. */
export const CURRENCY = 'KRW';
export const CURRENCY_UNSUPPORTED = { state: 'REFUSED', code: 'CURRENCY_UNSUPPORTED' } as const;

const errorShape = z.object({ code: z.string().min(1) });

export function openTossApi({ secretKey, feeBasisPoints, ...options }: TossApiOptions): TossApi {
  const call = openApi({ ...options, authorization: `Basic ${Buffer.from(`${secretKey}:`).toString('base64')}` });
  const find = async (path: string, name: string): Promise<TossPayment | undefined> => {
    const reply = await call({ method: 'GET', path, name });
    return NOT_FOUND.has(codeOf(reply) ?? '') ? undefined : read(paymentShape, reply);
  };
  return {
    call,
    paymentOf: (paymentKey) => find(`/v1/payments/${encodeURIComponent(paymentKey)}`, '/v1/payments/:paymentKey'),
    paymentOfOrder: (orderId) => find(`/v1/payments/orders/${encodeURIComponent(orderId)}`, '/v1/payments/orders/:orderId'),
    feeBasisPoints,
  };
}

export const read = <T>(shape: z.ZodType<T>, reply: Reply): T => readReply(shape, reply, codeOf(reply));

/** The code of an answer that is an error. */
export function codeOf({ status, body }: Reply): string | undefined {
  return status < 400 ? undefined : errorShape.safeParse(body).data?.code;
}

/**
 * Toss keeps the answer to a key, and gives it again for 15 days: an error that was passing, too. So whoever meets one goes on under
 * another key, but only when the earlier ones are over, and the more seldom the more often it failed. `isFinal`: an error that decides.
 */
export async function underKeys(
  idempotencyKey: string,
  tries: number,
  isFinal: (code: string) => boolean,
  send: (key: string) => Promise<Reply>,
): Promise<Reply> {
  const keys = 1 + Math.floor(Math.log2(Math.max(tries, 1)));
  for (let nth = 1; ; nth++) {
    const reply = await send(nth === 1 ? idempotencyKey : `${idempotencyKey}:again-${nth}`);
    const code = codeOf(reply);
    if (code === undefined || isFinal(code) || code === STILL_AT_WORK || nth === keys) return reply;
  }
}
