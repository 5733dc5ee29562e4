// What payment says of the money of orders. Payments of pledges are somebody else's.
import {
  PaymentCanceled,
  PaymentChargedBack,
  PaymentCompleted,
  PaymentExpired,
  PaymentRefunded,
} from '@moa/contracts/payment/v1/payment_events';
import { on, type Subscription } from '@moa/kit';
import type { PrismaClient } from '../generated/client.js';
import { beginUndo, payOrder } from '../store/checkouts.js';
import { takeRefund } from '../store/give-backs.js';
import { cancelUnsent } from '../store/order-steps.js';
import { noteChargeback } from '../store/orders.js';

export const onPaymentEvents: Subscription<PrismaClient>[] = [
  on<PaymentCompleted, PrismaClient>(PaymentCompleted, async ({ orderId }, tx, info) => {
    if (orderId) await payOrder(tx, info, orderId);
  }),
  on<PaymentExpired, PrismaClient>(PaymentExpired, async ({ orderId }, tx, info) => {
    await beginUndo(tx, info, orderId, 'PAYMENT_EXPIRED', true);
  }),
  on<PaymentCanceled, PrismaClient>(PaymentCanceled, async ({ orderId }, tx, info) => {
    if (orderId) await beginUndo(tx, info, orderId, 'PAYMENT_CANCELED', true);
  }),
  on<PaymentRefunded, PrismaClient>(PaymentRefunded, async ({ orderId, refunded }, tx, info) => {
    if (orderId) await takeRefund(tx, info, orderId, refunded!.amountMinor);
  }),
  on<PaymentChargedBack, PrismaClient>(PaymentChargedBack, async ({ orderId }, tx, info) => {
    if (!orderId) return;
    await noteChargeback(tx, orderId);
    await cancelUnsent(tx, info, orderId);
  }),
];
