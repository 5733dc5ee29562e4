// The saga of an order. Stock is held with the order itself; then coupons, points and a payment are asked for, each by the order's id: asked
// again, each answers the same; given back, each is given back once, and cannot be held any more. So whoever comes, and however often, may go
// on with it: the call that began it, the job that finds it left behind, and staff.

import { InstantPayment_State as PaymentState } from '@moa/contracts/payment/v1/instant_payment';
import { type Call, crashPoint, Failure, type Origin, requestIdOf, transaction } from '@moa/kit';
import { discountsOf, flowOfOrders, linesToDiscount } from '../convert-discounts.js';
import { type Checkout, RETRY_MS } from '../domain/checkout.js';
import { discounted, type Order, partsOf } from '../domain/order.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import {
  awaitPayment,
  beginUndo,
  endStep,
  endUnpaid,
  holdDiscounts,
  lookAgain,
  noteFailure,
  payOrder,
  showCheckout,
} from '../store/checkouts.js';
import { findOrder } from '../store/orders.js';

const LOOK_AGAIN_MS = 30_000;
const PAID = new Set<PaymentState>([
  PaymentState.STATE_APPROVED,
  PaymentState.STATE_PARTIALLY_REFUNDED,
  PaymentState.STATE_REFUNDED,
  PaymentState.STATE_CHARGED_BACK,
]);
const ENDED_ALREADY = new Set(['PAYMENT_NOT_FOUND', 'PAYMENT_CHARGED_BACK']);
const ENDED = new Set<PaymentState>([PaymentState.STATE_CANCELED, PaymentState.STATE_EXPIRED]);

/** Holds what an order needs besides its stock, and gives the order as the buyer may pay it. Throws why not; then nothing stays held. */
export async function gather(context: Context, call: Call, orderId: string): Promise<Order> {
  const { db } = context;
  const checkout = await load(context, orderId);
  if (checkout.state !== 'RESERVING') return order(context, orderId);
  try {
    const priced = await holdWhatIsTakenOff(context, call, await order(context, orderId), checkout);
    crashPoint('purchase.payment.before');
    const payment = await openPayment(context, call, priced);
    crashPoint('purchase.payment.after');
    const isPaid = payment.state === PaymentState.STATE_APPROVED;
    if (isPaid) await transaction(db, (tx) => payOrder(tx, call, orderId));
    else if (!(await awaitPayment(db, call, priced, payment.checkoutUrl))) throw fail('CHECKOUT_LEFT_BEHIND', { orderId });
    crashPoint('purchase.payment.stored');
    return await order(context, orderId);
  } catch (error) {
    const begun = await transaction(db, (tx) => beginUndo(tx, call, orderId, 'REFUSED'));
    // Another was faster, and has ended it: what was refused may just be its doing.
    if (!begun) throw fail('CHECKOUT_LEFT_BEHIND', { orderId }, { retryAfterMs: RETRY_MS });
    crashPoint('purchase.undo.begun');
    // What cannot be undone now is undone by the job.
    await undo(context, call, await load(context, orderId)).catch(() => {});
    throw error;
  }
}

async function holdWhatIsTakenOff(context: Context, call: Call, unpriced: Order, { pointsWanted }: Checkout): Promise<Order> {
  const { coupons, points, db } = context;
  const { id: holderId, buyerId, currency, couponIds, lines } = unpriced;
  if (couponIds.length === 0 && pointsWanted === 0n) return unpriced;
  let discounts: ReturnType<typeof discountsOf> = [];
  if (couponIds.length > 0) {
    crashPoint('purchase.coupons.before');
    const { quote } = await coupons.reserveCoupons(
      {
        requestId: requestIdOf(`reserve-coupons:${holderId}`),
        holderId,
        flow: flowOfOrders,
        ownerId: buyerId,
        couponIds: [...couponIds],
        lines: linesToDiscount(lines),
        currencyCode: currency,
        // Until the order commits or releases them: it always does one of the two.
        expireTime: undefined,
      },
      call,
    );
    crashPoint('purchase.coupons.after');
    discounts = discountsOf(quote!);
  }
  const priced = discounted(lines, discounts, pointsWanted);
  if (pointsWanted > 0n) {
    crashPoint('purchase.points.before');
    const requestId = requestIdOf(`hold-points:${holderId}`);
    await points.holdPoints({ requestId, holderId, accountId: buyerId, amountMinor: pointsWanted, expireTime: undefined }, call);
    crashPoint('purchase.points.after');
  }
  if (!(await holdDiscounts(db, holderId, priced, discounts))) throw fail('CHECKOUT_LEFT_BEHIND', { orderId: holderId });
  return order(context, holderId);
}

async function openPayment({ payment }: Context, call: Call, { id: orderId, ...placed }: Order) {
  const { payment: opened } = await payment.createPayment(
    {
      requestId: requestIdOf(`create-payment:${orderId}`),
      orderId,
      payerId: placed.buyerId,
      orderName: placed.name,
      amount: { currencyCode: placed.currency, amountMinor: placed.totalMinor },
      shares: partsOf(placed.lines),
      returnUrl: placed.returnUrl,
      expireTime: placed.expireTime,
    },
    call,
  );
  return opened!;
}

/** Brings a checkout on whose time has come; what is in the way is written down, and tried again. */
export async function tryToGoOn(context: Context, origin: Origin, orderId: string): Promise<void> {
  try {
    await goOn(context, origin, orderId);
  } catch (error) {
    await noteFailure(context.db, origin, orderId, error instanceof Failure ? error.reason : String(error));
  }
}

async function goOn(context: Context, origin: Origin, orderId: string): Promise<void> {
  const checkout = await load(context, orderId);
  if (checkout.state === 'RESERVING') return abandon(context, origin, orderId);
  if (checkout.state === 'WAITING') return look(context, origin, orderId);
  if (checkout.undoReason === '') return commit(context, origin, checkout);
  return undo(context, origin, checkout);
}

// Whoever began it has gone, and with him the one who would pay.
async function abandon(context: Context, origin: Origin, orderId: string): Promise<void> {
  await transaction(context.db, (tx) => beginUndo(tx, origin, orderId, 'ABANDONED'));
  await undo(context, origin, await load(context, orderId));
}

// Its payment has ended long ago, and nobody said so.
async function look(context: Context, origin: Origin, orderId: string): Promise<void> {
  const { payment } = await context.payment.getPaymentOfOrder({ orderId }, origin);
  if (PAID.has(payment!.state)) await transaction(context.db, (tx) => payOrder(tx, origin, orderId));
  else if (ENDED.has(payment!.state)) await transaction(context.db, (tx) => beginUndo(tx, origin, orderId, 'PAYMENT_EXPIRED', true));
  else return lookAgain(context.db, orderId, new Date(origin.at.getTime() + LOOK_AGAIN_MS));
  await goOn(context, origin, orderId);
}

/** It was paid: takes what is held. */
async function commit({ db, coupons, points }: Context, origin: Origin, { orderId, ...checkout }: Checkout): Promise<void> {
  if (checkout.coupons === 'HELD') {
    crashPoint('purchase.commit-coupons.before');
    await coupons.commitCoupons({ requestId: requestIdOf(`commit-coupons:${orderId}`), holderId: orderId }, origin);
    crashPoint('purchase.commit-coupons.after');
    await endStep(db, origin, orderId, 'coupons', 'COMMITTED');
  }
  if (checkout.points === 'HELD') {
    crashPoint('purchase.commit-points.before');
    const { spentMinor } = await points.capturePoints({ requestId: requestIdOf(`capture-points:${orderId}`), holderId: orderId }, origin);
    // They were given back meanwhile, which only the order itself may do: a person has to look.
    if (spentMinor === 0n) throw new Error('the points of a paid order are not held');
    crashPoint('purchase.commit-points.after');
    await endStep(db, origin, orderId, 'points', 'COMMITTED');
  }
}

/**
 * Gives back what is held, or may be, in reverse. Only the stock does not wait for coupons and points: it is our own, and others want it. It waits for
 * the payment, which must not come in afterwards; what has come in is given back.
 */
async function undo(context: Context, origin: Origin, { orderId, ...checkout }: Checkout): Promise<void> {
  const { db, coupons, points } = context;
  if (checkout.payment !== 'UNDONE') {
    crashPoint('purchase.undo-payment.before');
    await cancelPayment(context, origin, orderId);
    crashPoint('purchase.undo-payment.after');
  }
  if (checkout.payment !== 'UNDONE' || checkout.stock === 'HELD') await endUnpaid(db, origin, orderId);
  crashPoint('purchase.undo-stock.after');
  if (checkout.points === 'OPEN' || checkout.points === 'HELD') {
    crashPoint('purchase.undo-points.before');
    await points.releasePoints({ requestId: requestIdOf(`release-points:${orderId}`), holderId: orderId }, origin);
    crashPoint('purchase.undo-points.after');
    await endStep(db, origin, orderId, 'points', 'UNDONE');
  }
  if (checkout.coupons === 'OPEN' || checkout.coupons === 'HELD') {
    crashPoint('purchase.undo-coupons.before');
    await coupons.releaseCoupons({ requestId: requestIdOf(`release-coupons:${orderId}`), holderId: orderId }, origin);
    crashPoint('purchase.undo-coupons.after');
    await endStep(db, origin, orderId, 'coupons', 'UNDONE');
  }
}

async function cancelPayment({ payment }: Context, origin: Origin, orderId: string): Promise<void> {
  try {
    const requestId = requestIdOf(`cancel-payment:${orderId}`);
    await payment.cancelPayment({ requestId, orderId, reason: 'the order was not placed' }, origin);
  } catch (error) {
    // It was never opened: nobody can pay it. Or the payer's bank was first: nothing is left to give back.
    if (!(error instanceof Failure) || !ENDED_ALREADY.has(error.reason)) throw error;
  }
}

/** The buyer does not want an order that is not paid yet. False when it was paid. */
export async function cancelUnpaid(context: Context, origin: Origin, orderId: string): Promise<boolean> {
  if (!(await transaction(context.db, (tx) => beginUndo(tx, origin, orderId, 'CANCELED_BY_BUYER')))) return false;
  await undo(context, origin, await load(context, orderId));
  return true;
}

const load = ({ db }: Context, orderId: string): Promise<Checkout> => showCheckout(db.client, orderId);

async function order({ db }: Context, orderId: string): Promise<Order> {
  const found = await findOrder(db.client, orderId);
  if (!found) throw fail('ORDER_NOT_FOUND', { orderId });
  return found;
}
