// The shop's books at Toss Payments: its transactions, day by day, and what its settlements say of the fees.
import { z } from 'zod';
import type { BookLine } from '../domain/reconciliation.js';
import type { BookPage } from './port.js';
import { read, type TossApi } from './toss-api.js';
import { chargeOf, feeOf, keyOfOrder } from './toss-payment.js';

/** Its documentation says that a list may take a minute. */
export const BOOK_PAGE_MS = 60_000;
const LIST_LIMIT = 5_000;
const DAY_MS = 86_400_000;
const KOREA_MS = 9 * 3_600_000;

const transactionShape = z.object({
  transactionKey: z.string().min(1).max(64),
  paymentKey: z.string().min(1).max(200),
  orderId: z.string(),
  status: z.string(),
  currency: z.string(),
  amount: z.int(),
});
const settlementShape = z.object({
  transactionKey: z.string(),
  fee: z.int().nullish(),
  fees: z.array(z.object({ fee: z.int() })).nullish(),
});

type Transaction = z.infer<typeof transactionShape>;

/** A page is a day in Korea. The cursor is the day, and how many lines came before: "2026-11-26/1200". */
export function tossBooks({ call, paymentOf, feeBasisPoints }: TossApi, since: string): (cursor: string) => Promise<BookPage> {
  async function transactionsOn(day: string): Promise<Transaction[]> {
    const all: Transaction[] = [];
    for (let startingAfter = ''; ; startingAfter = all.at(-1)!.transactionKey) {
      const query = new URLSearchParams({ startDate: `${day}T00:00:00`, endDate: `${day}T23:59:59`, limit: String(LIST_LIMIT) });
      if (startingAfter) query.set('startingAfter', startingAfter);
      const name = '/v1/transactions';
      const page = read(z.array(transactionShape), await call({ method: 'GET', path: `${name}?${query}`, name, timeoutMs: BOOK_PAGE_MS }));
      all.push(...page);
      if (page.length < LIST_LIMIT) return all;
    }
  }

  // By transaction. What is not settled yet is not there.
  async function feesOn(day: string): Promise<Map<string, bigint>> {
    const fees = new Map<string, bigint>();
    for (let page = 1; ; page++) {
      const query = new URLSearchParams({ startDate: day, endDate: day, page: String(page), size: String(LIST_LIMIT) });
      const name = '/v1/settlements';
      const listed = read(z.array(settlementShape), await call({ method: 'GET', path: `${name}?${query}`, name, timeoutMs: BOOK_PAGE_MS }));
      for (const { transactionKey, fee, fees: parts } of listed) {
        const total = fee ?? parts?.reduce((sum, part) => sum + part.fee, 0);
        // What is canceled may stand there as less than nothing: the line's own sign counts.
        if (total !== undefined) fees.set(transactionKey, BigInt(Math.abs(total)));
      }
      if (listed.length < LIST_LIMIT) return fees;
    }
  }

  // Until it is settled, the fee is what we have booked.
  async function expectedFee({ paymentKey, transactionKey }: Transaction, isCharge: boolean, amountMinor: bigint): Promise<bigint> {
    if (isCharge) return feeOf(amountMinor, feeBasisPoints);
    const payment = await paymentOf(paymentKey);
    const refund = payment && chargeOf(payment, feeBasisPoints).refunds.find(({ id }) => id === transactionKey);
    return refund?.feeMinor ?? feeOf(amountMinor, feeBasisPoints);
  }

  return async (cursor) => {
    const [day = since, before = '0'] = cursor === '' ? [] : cursor.split('/');
    const fees = await feesOn(day);
    const lines: BookLine[] = [];
    for (const transaction of await transactionsOn(day)) {
      const isCharge = transaction.status === 'DONE';
      if (!isCharge && transaction.status !== 'CANCELED' && transaction.status !== 'PARTIAL_CANCELED') continue;
      const amountMinor = BigInt(Math.abs(transaction.amount));
      const feeMinor = fees.get(transaction.transactionKey) ?? (await expectedFee(transaction, isCharge, amountMinor));
      const sign = isCharge ? 1n : -1n;
      lines.push({
        position: Number(before) + lines.length + 1,
        chargeId: transaction.paymentKey,
        idempotencyKey: keyOfOrder(transaction.orderId),
        currency: transaction.currency,
        amountMinor: sign * amountMinor,
        feeMinor: sign * feeMinor,
      });
    }
    const next = dayOf(Date.parse(`${day}T00:00:00Z`) + DAY_MS);
    // The machine's own clock: the provider's days are real.
    const isLast = next > dayOf(Date.now() + KOREA_MS);
    return { lines, nextCursor: isLast ? undefined : `${next}/${Number(before) + lines.length}` };
  };
}

const dayOf = (timeMs: number): string => new Date(timeMs).toISOString().slice(0, 10);
