import * as proto from '@moa/contracts/payment/v1/instant_payment';
import type { CreatePaymentRequest, RefundLine as ProtoLine } from '@moa/contracts/payment/v1/instant_payment_service';
import { attemptToProto, refundToProto } from './convert.js';
import type { InstantPayment, OrderToPay, RefundLine, StoredShare } from './domain/instant-payment.js';

export const instantPaymentToProto = (payment: InstantPayment): proto.InstantPayment => ({
  id: payment.id,
  orderId: payment.orderId,
  orderName: payment.orderName,
  payerId: payment.payerId,
  state: proto.InstantPayment_State[`STATE_${payment.state}`],
  amount: { currencyCode: payment.currency, amountMinor: payment.amountMinor },
  refunded: { currencyCode: payment.currency, amountMinor: payment.refundedMinor },
  shares: payment.shares.map((share) => shareToProto(share, payment.currency)),
  attempts: payment.attempts.map(attemptToProto),
  refunds: payment.refunds.map((refund) => refundToProto(refund, payment.currency)),
  checkoutUrl: payment.checkoutUrl ?? '',
  expireTime: payment.expireTime,
  createTime: payment.createTime,
  endTime: payment.endTime ?? undefined,
});

const shareToProto = (share: StoredShare, currencyCode: string): proto.SellerShare => {
  const { sellerId, paidMinor, platformCouponMinor, sellerCouponMinor, pointsMinor, refundedMinor } = share;
  const amountMinor = paidMinor + platformCouponMinor + sellerCouponMinor + pointsMinor;
  return { sellerId, amount: { currencyCode, amountMinor }, platformCouponMinor, sellerCouponMinor, pointsMinor, paidMinor, refundedMinor };
};

export const orderFromProto = ({
  orderId,
  payerId,
  orderName,
  amount,
  shares,
  returnUrl,
  expireTime,
}: CreatePaymentRequest): OrderToPay => ({
  orderId,
  payerId,
  orderName,
  // Checked before the handler runs: both are required.
  currency: amount!.currencyCode,
  amountMinor: amount!.amountMinor,
  expireTime: expireTime!,
  returnUrl,
  shares: shares.map(({ sellerId, amountMinor, platformCouponMinor, sellerCouponMinor, pointsMinor }) => ({
    sellerId,
    platformCouponMinor,
    sellerCouponMinor,
    pointsMinor,
    paidMinor: amountMinor - platformCouponMinor - sellerCouponMinor - pointsMinor,
  })),
});

export const lineFromProto = ({ sellerId, amountMinor, discounts }: ProtoLine): RefundLine => ({ sellerId, amountMinor, discounts });
