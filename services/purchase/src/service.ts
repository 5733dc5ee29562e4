import { CouponHoldServiceDefinition } from '@moa/contracts/coupon/v1/coupon_service';
import { InstantPaymentServiceDefinition } from '@moa/contracts/payment/v1/instant_payment_service';
import { CartServiceDefinition } from '@moa/contracts/purchase/v1/cart_service';
import { CatalogServiceDefinition } from '@moa/contracts/purchase/v1/catalog_service';
import {
  CheckoutAdminServiceDefinition,
  OrderServiceDefinition,
  SellerOrderServiceDefinition,
} from '@moa/contracts/purchase/v1/order_service';
import { PointServiceDefinition } from '@moa/contracts/user/v1/point_service';
import { type Database, openHost, openRedis, type Remote, type Running } from '@moa/kit';
import { type Carts, openCarts } from './carts.js';
import type { PurchaseConfig } from './config.js';
import { paymentEvents } from './events/index.js';
import { onAccountClosed } from './events/on-account-closed.js';
import { PrismaClient } from './generated/client.js';
import { startJobs } from './jobs/index.js';
import { forgetChanged } from './product-reads.js';
import { openReadCache, type ReadCache } from './read-cache.js';
import { cartService, catalogService, checkoutAdminService, orderService, sellerOrderService } from './rpc/index.js';

export interface Context {
  readonly db: Database<PrismaClient>;
  readonly reads: ReadCache;
  readonly carts: Carts;
  readonly payment: Remote<typeof InstantPaymentServiceDefinition>;
  readonly coupons: Remote<typeof CouponHoldServiceDefinition>;
  readonly points: Remote<typeof PointServiceDefinition>;
  /** Something was taken back: what was paid for it is given back now, by the job that does so. */
  readonly wakeGiveBacks: () => void;
}

export async function startPurchase(config: PurchaseConfig): Promise<Running> {
  const host = await openHost('purchase', config);
  const db = host.database((adapter) => new PrismaClient({ adapter }));
  const redis = openRedis(config.REDIS_URL, host);
  const reads = openReadCache(redis, config.REDIS_PREFIX);
  const carts = openCarts(redis, config.REDIS_PREFIX);
  const payment = host.connect(InstantPaymentServiceDefinition, config.PAYMENT_ADDRESS);
  const coupons = host.connect(CouponHoldServiceDefinition, config.COUPON_ADDRESS);
  const points = host.connect(PointServiceDefinition, config.USER_ADDRESS);
  const context: Context = { db, reads, carts, payment, coupons, points, wakeGiveBacks: () => jobs.sendGiveBacks.wake() };

  host.serve(CatalogServiceDefinition, catalogService(context));
  host.serve(CartServiceDefinition, cartService(context));
  host.serve(OrderServiceDefinition, orderService(context));
  host.serve(SellerOrderServiceDefinition, sellerOrderService(context));
  host.serve(CheckoutAdminServiceDefinition, checkoutAdminService(context));
  await host.relay(db);
  host.consume('payments', db, paymentEvents);
  host.consume('closing', db, [onAccountClosed(carts)]);
  host.consume('catalogue', db, forgetChanged(reads));
  const jobs = startJobs(host, context);
  return host.listen();
}
