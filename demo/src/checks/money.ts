// Ledger, payments, pledges and the provider's books agree.

import type { BookEntry } from '@moa/sandbox-provider';
import { won } from '../print.js';
import type { Stage } from '../stage.js';
import { type Check, countBy, noneOf } from './check.js';

interface PledgeRow {
  readonly id: string;
  readonly state: string;
  readonly total: string;
  /** What was given back of it. */
  readonly refunded: string;
}

interface PaymentRow {
  readonly id: string;
  /** Or an order's. */
  readonly pledge_id: string | null;
  readonly order_id: string | null;
  readonly state: string;
  readonly amount: string;
  readonly refunded: string;
  /** The provider's id of the charge that went well. */
  readonly charge_id: string | null;
  readonly open: number;
}

const pledgesOf = (stage: Stage) =>
  stage.sql<PledgeRow>('funding', 'SELECT id, state, total_minor AS total, refunded_minor AS refunded FROM pledge');

const paymentsOf = (stage: Stage) =>
  stage.sql<PaymentRow>(
    'payment',
    `SELECT p.id, p.pledge_id, p.order_id, p.state, p.amount_minor AS amount, p.refunded_minor AS refunded,
       coalesce((SELECT provider_charge_id FROM attempt a WHERE a.payment_id = p.id AND a.state IN ('SUCCEEDED', 'CANCELED')),
         (SELECT provider_charge_id FROM confirmation c WHERE c.payment_id = p.id AND c.state = 'SUCCEEDED')) AS charge_id,
       (SELECT count(*)::int FROM attempt a WHERE a.payment_id = p.id AND a.state IN ('PENDING', 'UNKNOWN')) AS open
     FROM payment p`,
  );

/** Debit is positive. */
async function ledgerSum(stage: Stage, account: string): Promise<bigint> {
  const [row] = await stage.sql<{ sum: string }>(
    'payment',
    'SELECT coalesce(sum(amount_minor), 0) AS sum FROM ledger_entry WHERE account = $1',
    [account],
  );
  return BigInt(row?.sum ?? 0);
}

const sumOf = (entries: readonly BookEntry[], type: BookEntry['type'], field: 'amountMinor' | 'feeMinor') =>
  entries.filter((entry) => entry.type === type).reduce((sum, entry) => sum + BigInt(entry[field]), 0n);

/** Paid now, or paid once and given back. */
const WAS_PAID = ['PAID', 'REFUNDED', 'CHARGED_BACK'];

export const moneyChecks: Check[] = [
  {
    says: 'every ledger transaction sums to zero',
    async look(stage) {
      const rows = await stage.sql<{ id: string; sum: string }>(
        'payment',
        `SELECT transaction_id::text || ' ' || currency AS id, sum(amount_minor) AS sum FROM ledger_entry GROUP BY transaction_id, currency`,
      );
      const off = rows.filter(({ sum }) => BigInt(sum) !== 0n).map(({ id, sum }) => `${id}: ${sum}`);
      return noneOf(off, `${rows.length} transactions`);
    },
  },
  {
    says: 'what the ledger says was taken in is what the provider took in',
    async look(stage) {
      const books = await stage.books();
      const back = sumOf(books, 'REFUND', 'amountMinor') + sumOf(books, 'CHARGEBACK', 'amountMinor');
      const theirs = sumOf(books, 'CHARGE', 'amountMinor') - back;
      const ours = await ledgerSum(stage, 'PROVIDER_CLEARING');
      return { holds: ours === theirs, figures: `ledger ${won(ours)}, provider ${won(theirs)}` };
    },
  },
  {
    says: "the provider's fees in the ledger are those that it kept",
    async look(stage) {
      const books = await stage.books();
      const theirs = sumOf(books, 'CHARGE', 'feeMinor') - sumOf(books, 'REFUND', 'feeMinor');
      const ours = -(await ledgerSum(stage, 'PROVIDER_FEE'));
      return { holds: ours === theirs, figures: `ledger ${won(ours)}, provider ${won(theirs)}` };
    },
  },
  {
    says: 'charges at the provider and completed payments match one to one',
    async look(stage) {
      const charges = (await stage.books()).filter(({ type }) => type === 'CHARGE');
      const payments = (await paymentsOf(stage)).filter(({ charge_id }) => charge_id !== null);
      const amountOf = new Map(payments.map(({ charge_id, amount }) => [charge_id, BigInt(amount)]));
      const off = charges
        .filter(({ chargeId, amountMinor }) => amountOf.get(chargeId) !== BigInt(amountMinor))
        .map(({ chargeId }) => chargeId);
      const known = new Set(charges.map(({ chargeId }) => chargeId));
      const unheard = payments.filter(({ charge_id }) => !known.has(charge_id as string)).map(({ id }) => `payment ${id}`);
      return noneOf([...off, ...unheard], `${charges.length} charges, ${payments.length} payments`);
    },
  },
  {
    says: 'pledges and payments match one to one',
    async look(stage) {
      const pledges = await pledgesOf(stage);
      const payments = (await paymentsOf(stage)).filter(({ order_id }) => order_id === null);
      const byPledge = new Map(payments.map((payment) => [payment.pledge_id, payment]));
      const expected: Record<string, string> = {
        REFUNDED: 'CANCELED',
        CHARGED_BACK: 'CHARGED_BACK',
        DROPPED: 'FAILED',
        PAYMENT_FAILED: 'FAILED',
        CHARGING: 'CHARGING',
      };
      const off = pledges.filter(({ id, state, total, refunded }) => {
        const payment = byPledge.get(id);
        const paid = refunded === '0' ? 'COMPLETED' : 'PARTIALLY_REFUNDED';
        if (payment?.state !== (state === 'PAID' ? paid : expected[state])) return true;
        return payment !== undefined && (payment.amount !== total || payment.refunded !== refunded);
      });
      const ids = new Set(pledges.map(({ id }) => id));
      const strangers = payments.filter(({ pledge_id }) => !ids.has(pledge_id ?? ''));
      const broken = [
        ...off.map(({ id, state }) => `${state} pledge ${id} has ${byPledge.get(id)?.state ?? 'no payment'}`),
        ...strangers.map(({ id }) => `payment ${id} has no pledge`),
      ];
      return noneOf(broken, `${pledges.length} pledges, ${payments.length} payments`);
    },
  },
  {
    says: 'no pledge is charged twice, and none that was canceled or released at all',
    async look(stage) {
      const pledges = new Map((await pledgesOf(stage)).map((pledge) => [pledge.id, pledge]));
      const payments = await paymentsOf(stage);
      const pledgeOf = new Map(payments.map(({ charge_id, pledge_id }) => [charge_id, pledge_id]));
      const ofOrders = new Set(payments.filter(({ order_id }) => order_id !== null).map(({ charge_id }) => charge_id));
      const charges = (await stage.books()).filter(({ type, chargeId }) => type === 'CHARGE' && !ofOrders.has(chargeId));
      const times = countBy(charges, ({ chargeId, orderId }) => pledgeOf.get(chargeId) ?? orderId);
      const broken = [...times]
        .filter(([id, count]) => count > 1 || !WAS_PAID.includes(pledges.get(id)?.state ?? ''))
        .map(([id, count]) => `${id} ${count} times`);
      return noneOf(broken, `${charges.length} charges`);
    },
  },
  {
    says: 'nothing is left open between payment and provider',
    async look(stage) {
      const payments = await paymentsOf(stage);
      return noneOf(
        payments.filter(({ open }) => open > 0).map(({ id }) => id),
        `${payments.length} payments`,
      );
    },
  },
];
