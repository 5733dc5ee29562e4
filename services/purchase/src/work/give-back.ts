// Gives back what was paid for lines that were taken back: each step by an id of its own, so that each of the three services does it once,
// however often it is asked.
import { crashPoint, Failure, type Host, isOutage, type Origin, requestIdOf } from '@moa/kit';
import type { GiveBack } from '../domain/give-back.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { endGiveBackStep, endPaymentStep, isCommitted, noteGiveBackFailure } from '../store/give-backs.js';

// What payment takes of a reason.
const REASON_CHARACTERS = 500;

/** Brings it on as far as it goes; what is in the way is written down, and tried again. */
export async function giveBack(context: Context, origin: Origin, due: GiveBack, log: Host['log']): Promise<void> {
  try {
    if (due.payment === 'OPEN') await giveMoney(context, origin, due);
    if (due.points === 'DONE' && due.coupons === 'DONE') return;
    if (!(await isCommitted(context.db, due.orderId))) throw fail('CHECKOUT_NOT_COMMITTED', { orderId: due.orderId });
    if (due.points === 'OPEN') await givePoints(context, origin, due);
    if (due.coupons === 'OPEN') await giveCoupons(context, origin, due);
  } catch (error) {
    await noteGiveBackFailure(context.db, origin, due, error instanceof Failure ? error.reason : String(error));
    // What another service will never give back is somebody's to look at.
    if (!isOutage(error)) log.error({ order: due.orderId, giveBack: due.id, err: error }, 'what was taken back is not given back');
  }
}

async function giveMoney({ db, payment }: Context, origin: Origin, due: GiveBack): Promise<void> {
  const { id, orderId, currency, paidMinor, parts, reason } = due;
  crashPoint('purchase.give-back.payment.before');
  try {
    const { payment: paid } = await payment.refundPayment(
      {
        requestId: requestIdOf(`refund-payment:${id}`),
        orderId,
        amount: { currencyCode: currency, amountMinor: paidMinor },
        lines: parts.map(({ sellerId, paidMinor: amountMinor, ...discounts }) => ({ sellerId, amountMinor, discounts })),
        reason: [...reason].slice(0, REASON_CHARACTERS).join(''),
      },
      origin,
    );
    crashPoint('purchase.give-back.payment.asked');
    await endPaymentStep(db, origin, due, paid!.refunded!.amountMinor);
  } catch (error) {
    // The payer's bank was first: nothing is left to give back.
    if (!(error instanceof Failure) || error.reason !== 'PAYMENT_CHARGED_BACK') throw error;
    await endPaymentStep(db, origin, due, undefined);
  }
  crashPoint('purchase.give-back.payment.stored');
}

async function givePoints({ db, points }: Context, origin: Origin, due: GiveBack): Promise<void> {
  const request = { requestId: requestIdOf(`return-points:${due.id}`), holderId: due.orderId, amountMinor: due.pointsMinor };
  await points.returnPoints(request, origin);
  crashPoint('purchase.give-back.points.asked');
  await endGiveBackStep(db, due, 'points');
  crashPoint('purchase.give-back.points.stored');
}

async function giveCoupons({ db, coupons }: Context, origin: Origin, due: GiveBack): Promise<void> {
  const { id, orderId: holderId, discounts, inFull } = due;
  await coupons.returnCoupons({ requestId: requestIdOf(`return-coupons:${id}`), holderId, discounts: [...discounts], inFull }, origin);
  crashPoint('purchase.give-back.coupons.asked');
  await endGiveBackStep(db, due, 'coupons');
  crashPoint('purchase.give-back.coupons.stored');
}
