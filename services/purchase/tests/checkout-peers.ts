// Coupon, user and payment as the checkout sees them: each keeps what is held, taken and given back for each order, and says so; a test may
// make one fail. They answer as the real ones do: once is as good as twice, and who was released holds nothing any more.
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { status } from '@grpc/grpc-js';
import { CouponOutcome_Outcome, Payer, type Quote } from '@moa/contracts/coupon/v1/coupon';
import {
  CouponHoldServiceDefinition,
  type ReserveCouponsRequest,
  type ReturnCouponsRequest,
} from '@moa/contracts/coupon/v1/coupon_service';
import type { ServiceDefinition } from '@moa/contracts/method';
import { InstantPayment, InstantPayment_State } from '@moa/contracts/payment/v1/instant_payment';
import {
  type CreatePaymentRequest,
  InstantPaymentServiceDefinition,
  type RefundPaymentRequest,
} from '@moa/contracts/payment/v1/instant_payment_service';
import {
  PaymentCanceled,
  PaymentChargedBack,
  PaymentCompleted,
  PaymentExpired,
  PaymentRefunded,
} from '@moa/contracts/payment/v1/payment_events';
import { PointServiceDefinition, type ReturnPointsRequest } from '@moa/contracts/user/v1/point_service';
import { failures, type Implementation, openHost } from '@moa/kit';
import { type Events, openEvents } from '@moa/testkit';
import { bed } from './checkout-support.js';

const fail = failures('moa.peer', {
  NOT_HERE: status.UNIMPLEMENTED,
  HOLDER_RELEASED: status.FAILED_PRECONDITION,
  COUPON_NOT_USABLE: status.FAILED_PRECONDITION,
  POINTS_NOT_ENOUGH: status.FAILED_PRECONDITION,
  PAYMENT_NOT_FOUND: status.NOT_FOUND,
  PAYMENT_CHARGED_BACK: status.FAILED_PRECONDITION,
  REQUEST_ID_REUSED: status.FAILED_PRECONDITION,
  AWAY: status.UNAVAILABLE,
});

type Held = 'HELD' | 'COMMITTED' | 'RELEASED';

/** What the peers know of an order, and what a test makes them do. */
export interface Peers {
  readonly addresses: { COUPON_ADDRESS: string; USER_ADDRESS: string; PAYMENT_ADDRESS: string };
  readonly coupons: Map<string, Held>;
  readonly points: Map<string, { state: Held; amountMinor: bigint }>;
  readonly payments: Map<string, { request: CreatePaymentRequest; state: InstantPayment_State }>;
  /** What was given back, by the id of each request: a request that comes again gives nothing back once more, and must be the same. */
  readonly refunds: Map<string, RefundPaymentRequest>;
  readonly returnedPoints: Map<string, ReturnPointsRequest>;
  readonly returnedCoupons: Map<string, ReturnCouponsRequest>;
  readonly events: Events;
  /** How often each RPC was called. */
  readonly calls: Map<string, number>;
  /** RPCs that fail now, and how. */
  readonly failing: Map<string, 'AWAY' | 'COUPON_NOT_USABLE' | 'POINTS_NOT_ENOUGH' | 'PAYMENT_CHARGED_BACK'>;
  /** The buyer has paid, as payment tells. Each of these tells the same event once more when its id is given again. */
  pay(orderId: string, id?: string): Promise<void>;
  expire(orderId: string, id?: string): Promise<void>;
  cancel(orderId: string, id?: string): Promise<void>;
  /** So much of the order has been given back by now, as payment tells. */
  tellRefunded(orderId: string, soFarMinor: bigint): Promise<void>;
  chargeBack(orderId: string, id?: string): Promise<void>;
  stop(): Promise<void>;
}

/** Each coupon takes 1,000 won off the first line; the platform pays. */
export const COUPON_MINOR = 1_000n;

export async function openPeers(): Promise<Peers> {
  const events = await openEvents(bed);
  const coupons: Peers['coupons'] = new Map();
  const points: Peers['points'] = new Map();
  const payments: Peers['payments'] = new Map();
  const calls: Peers['calls'] = new Map();
  const failing: Peers['failing'] = new Map();
  const refunds: Peers['refunds'] = new Map();
  const returnedPoints: Peers['returnedPoints'] = new Map();
  const returnedCoupons: Peers['returnedCoupons'] = new Map();
  const takeOnce = <R extends { requestId: string }>(taken: Map<string, R>, request: R) => {
    const first = taken.get(request.requestId) ?? request;
    if (!isDeepStrictEqual(first, request)) throw fail('REQUEST_ID_REUSED');
    taken.set(request.requestId, first);
  };

  const serve = async <S extends ServiceDefinition>(name: string, definition: S, handlers: Partial<Implementation<S>>) => {
    const counted = Object.keys(definition.methods).map((method) => [
      method,
      async (request: never, call: never) => {
        calls.set(method, (calls.get(method) ?? 0) + 1);
        const failure = failing.get(method);
        if (failure) throw fail(failure);
        const handler = (handlers as Record<string, (request: never, call: never) => Promise<unknown>>)[method];
        if (!handler) throw fail('NOT_HERE');
        return handler(request, call);
      },
    ]);
    const host = await openHost(name, await bed.config(name));
    host.serve(definition, Object.fromEntries(counted) as Implementation<S>);
    return host.listen();
  };

  const coupon = await serve('coupon', CouponHoldServiceDefinition, {
    async reserveCoupons(request) {
      if (coupons.get(request.holderId) === 'RELEASED') throw fail('HOLDER_RELEASED');
      coupons.set(request.holderId, 'HELD');
      return { quote: quoteOf(request) };
    },
    async commitCoupons({ holderId }) {
      if (coupons.get(holderId) === 'HELD') coupons.set(holderId, 'COMMITTED');
      return {};
    },
    async releaseCoupons({ holderId }) {
      if (coupons.get(holderId) !== 'COMMITTED') coupons.set(holderId, 'RELEASED');
      return {};
    },
    async returnCoupons(request) {
      takeOnce(returnedCoupons, request);
      return {};
    },
  });
  const user = await serve('user', PointServiceDefinition, {
    async holdPoints({ holderId, amountMinor }) {
      if (points.get(holderId)?.state === 'RELEASED') throw fail('HOLDER_RELEASED');
      points.set(holderId, { state: 'HELD', amountMinor });
      return {};
    },
    async capturePoints({ holderId }) {
      const held = points.get(holderId);
      if (held?.state === 'HELD') held.state = 'COMMITTED';
      return { spentMinor: held?.state === 'COMMITTED' ? held.amountMinor : 0n };
    },
    async releasePoints({ holderId }) {
      const held = points.get(holderId);
      if (held?.state !== 'COMMITTED') points.set(holderId, { state: 'RELEASED', amountMinor: held?.amountMinor ?? 0n });
      return {};
    },
    async returnPoints(request) {
      takeOnce(returnedPoints, request);
      return {};
    },
  });
  const payment = await serve('payment', InstantPaymentServiceDefinition, {
    async createPayment(request) {
      const { orderId, amount } = request;
      const state = amount!.amountMinor === 0n ? InstantPayment_State.STATE_APPROVED : InstantPayment_State.STATE_AUTHENTICATING;
      if (!payments.has(orderId)) payments.set(orderId, { request, state });
      return { payment: paymentOf(payments.get(orderId)!) };
    },
    async getPaymentOfOrder({ orderId }) {
      return { payment: paymentOf(found(orderId)) };
    },
    async cancelPayment({ orderId }) {
      const payment = found(orderId);
      const { STATE_AUTHENTICATING, STATE_CANCELED, STATE_APPROVED, STATE_REFUNDED, STATE_CHARGED_BACK } = InstantPayment_State;
      if (payment.state === STATE_CHARGED_BACK) throw fail('PAYMENT_CHARGED_BACK');
      if (payment.state === STATE_AUTHENTICATING) payment.state = STATE_CANCELED;
      if (payment.state === STATE_APPROVED) payment.state = STATE_REFUNDED;
      return { payment: paymentOf(payment) };
    },
    async refundPayment(request) {
      if (payments.get(request.orderId)?.state === InstantPayment_State.STATE_CHARGED_BACK) throw fail('PAYMENT_CHARGED_BACK');
      takeOnce(refunds, request);
      const { orderId, amount } = request;
      const soFarMinor = [...refunds.values()]
        .filter((made) => made.orderId === orderId)
        .reduce((sum, made) => sum + made.amount!.amountMinor, 0n);
      return { payment: { ...InstantPayment.fromPartial({}), orderId, refunded: { ...amount!, amountMinor: soFarMinor } } };
    },
  });

  const found = (orderId: string) => {
    const payment = payments.get(orderId);
    if (!payment) throw fail('PAYMENT_NOT_FOUND');
    return payment;
  };
  const told = (orderId: string) => {
    const { request } = payments.get(orderId)!;
    return { paymentId: orderId, orderId, pledgeId: '', projectId: '', payerId: request.payerId, amount: request.amount, attempt: 1 };
  };
  return {
    addresses: { COUPON_ADDRESS: coupon.address, USER_ADDRESS: user.address, PAYMENT_ADDRESS: payment.address },
    coupons,
    points,
    payments,
    refunds,
    returnedPoints,
    returnedCoupons,
    events,
    calls,
    failing,
    async pay(orderId, id = randomUUID()) {
      const payment = payments.get(orderId)!;
      if (payment.state !== InstantPayment_State.STATE_CHARGED_BACK) payment.state = InstantPayment_State.STATE_APPROVED;
      await events.publish(PaymentCompleted, told(orderId), { id });
    },
    async expire(orderId, id = randomUUID()) {
      payments.get(orderId)!.state = InstantPayment_State.STATE_EXPIRED;
      await events.publish(PaymentExpired, told(orderId), { id });
    },
    async cancel(orderId, id = randomUUID()) {
      payments.get(orderId)!.state = InstantPayment_State.STATE_CANCELED;
      await events.publish(PaymentCanceled, told(orderId), { id });
    },
    async tellRefunded(orderId, soFarMinor) {
      const refunded = { currencyCode: 'KRW', amountMinor: soFarMinor };
      await events.publish(PaymentRefunded, PaymentRefunded.fromPartial({ paymentId: orderId, orderId, amount: refunded, refunded }));
    },
    async chargeBack(orderId, id = randomUUID()) {
      const payment = payments.get(orderId);
      if (payment) payment.state = InstantPayment_State.STATE_CHARGED_BACK;
      await events.publish(PaymentChargedBack, PaymentChargedBack.fromPartial({ paymentId: orderId, orderId }), { id });
    },
    async stop() {
      for (const running of [coupon, user, payment]) await running.stop();
      await events.close();
    },
  };
}

const quoteOf = ({ couponIds, lines, currencyCode }: ReserveCouponsRequest): Quote => {
  const discount = { currencyCode, amountMinor: COUPON_MINOR * BigInt(couponIds.length) };
  const before = lines.reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
  return {
    coupons: couponIds.map((couponId) => ({
      couponId,
      outcome: CouponOutcome_Outcome.OUTCOME_APPLIED,
      discount: { currencyCode, amountMinor: COUPON_MINOR },
      missingMinor: 0n,
    })),
    discounts: couponIds.map((couponId) => ({
      lineId: lines[0]!.lineId,
      couponId,
      payer: Payer.PAYER_PLATFORM,
      discountMinor: COUPON_MINOR,
    })),
    discount,
    total: { currencyCode, amountMinor: before - discount.amountMinor },
  };
};

const paymentOf = ({ request, state }: { request: CreatePaymentRequest; state: InstantPayment_State }): InstantPayment => ({
  id: request.orderId,
  orderId: request.orderId,
  orderName: request.orderName,
  payerId: request.payerId,
  state,
  amount: request.amount,
  refunded: { currencyCode: request.amount!.currencyCode, amountMinor: 0n },
  shares: [],
  attempts: [],
  refunds: [],
  checkoutUrl: state === InstantPayment_State.STATE_APPROVED ? '' : `https://pay.example/${request.orderId}`,
  expireTime: request.expireTime,
  createTime: undefined,
  endTime: undefined,
});
