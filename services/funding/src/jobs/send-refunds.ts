import { crashPoint, Failure, type Host, isOutage, type JobRun, type Origin, requestIdOf, transaction } from '@moa/kit';
import { takeRefund } from '../refund.js';
import type { Context } from '../service.js';
import { type DueRefund, endRefund, leaseRefunds } from '../store/refunds.js';

const BATCH = 50;
const AT_ONCE = 8;
// Not shorter than payment may take to answer.
const LEASE_MS = 15_000;

/** Money that is to go back is asked of payment, and again until payment has given it back: it does so once. */
export const sendRefunds =
  (context: Context, { clock, log }: Pick<Host, 'clock' | 'log'>) =>
  async (run: JobRun) => {
    for (;;) {
      if (run.signal.aborted) return;
      const now: Origin = { at: clock.now(), trace: run.trace };
      const due = await leaseRefunds(context.db, now, BATCH, LEASE_MS);
      if (due.length === 0) return;
      crashPoint('funding.refunds.leased');
      const left = [...due];
      const work = async () => {
        for (let refund = left.shift(); refund; refund = left.shift()) await send(context, now, refund, log);
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
    }
  };

async function send({ db, payment }: Context, origin: Origin, { pledgeId, reason }: DueRefund, log: Host['log']): Promise<void> {
  try {
    const { payment: paid } = await payment.cancelCharge({ requestId: requestIdOf(`refund:${pledgeId}`), pledgeId, reason }, origin);
    crashPoint('funding.refunds.given');
    await transaction(db, async (tx) => {
      await takeRefund(tx, origin, pledgeId, paid!.refunded!.amountMinor);
      await endRefund(tx, pledgeId);
    });
  } catch (error) {
    // The payer's bank was first: nothing is left to give back.
    if (error instanceof Failure && error.reason === 'PAYMENT_CHARGED_BACK') return transaction(db, (tx) => endRefund(tx, pledgeId));
    // It is tried again when its lease is over. What payment will never give back is somebody's to look at.
    if (!isOutage(error)) log.error({ pledge: pledgeId, err: error }, 'payment does not give a pledge back');
  }
}
