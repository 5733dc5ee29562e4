import { AccountServiceDefinition } from '@moa/contracts/auth/v1/account_service';
import { CouponHoldServiceDefinition } from '@moa/contracts/coupon/v1/coupon_service';
import { PledgeServiceDefinition } from '@moa/contracts/funding/v1/pledge_service';
import { OrderServiceDefinition } from '@moa/contracts/purchase/v1/order_service';
import { MyPageAdminServiceDefinition } from '@moa/contracts/user/v1/my_page_admin_service';
import { PointServiceDefinition } from '@moa/contracts/user/v1/point_service';
import { UserServiceDefinition } from '@moa/contracts/user/v1/user_service';
import { type Database, openHost, type Remote, type Running } from '@moa/kit';
import type { UserConfig } from './config.js';
import { onAccountCreated } from './events/on-account-created.js';
import { onCouponEvents } from './events/on-coupon-events.js';
import { onOrderCopies } from './events/on-order-copies.js';
import { onOrderEvents } from './events/on-order-events.js';
import { onPledgeDelivered } from './events/on-pledge-delivered.js';
import { onPledgeEvents } from './events/on-pledge-events.js';
import { onProjectPublished } from './events/on-project-published.js';
import { onReviewEvents } from './events/on-review-events.js';
import { onReviewWritten } from './events/on-review-written.js';
import { PrismaClient } from './generated/client.js';
import { startPointJobs } from './jobs/points.js';
import { myPageAdminService, userService } from './rpc/index.js';
import { pointService } from './rpc/point-service.js';
import { rebuildMyPage } from './work/rebuild.js';

/** Of what My Page shows. */
export interface Owners {
  readonly pledges: Remote<typeof PledgeServiceDefinition>;
  readonly orders: Remote<typeof OrderServiceDefinition>;
  readonly coupons: Remote<typeof CouponHoldServiceDefinition>;
}

const REBUILD_EVERY_MS = 1_000;

export interface Context {
  readonly db: Database<PrismaClient>;
  readonly accounts: Remote<typeof AccountServiceDefinition>;
  readonly owners: Owners;
}

/** What the copies are made of. */
const copies = [onProjectPublished, ...onPledgeEvents, onPledgeDelivered, ...onOrderCopies, ...onCouponEvents, onReviewWritten];

export async function startUser(config: UserConfig): Promise<Running> {
  const host = await openHost('user', config);
  const db = host.database((adapter) => new PrismaClient({ adapter }));
  const accounts = host.connect(AccountServiceDefinition, config.AUTH_ADDRESS);
  const owners: Owners = {
    pledges: host.connect(PledgeServiceDefinition, config.FUNDING_ADDRESS),
    orders: host.connect(OrderServiceDefinition, config.PURCHASE_ADDRESS),
    coupons: host.connect(CouponHoldServiceDefinition, config.COUPON_ADDRESS),
  };
  const context: Context = { db, accounts, owners };
  host.serve(UserServiceDefinition, userService(context));
  host.serve(MyPageAdminServiceDefinition, myPageAdminService(context));
  host.serve(PointServiceDefinition, pointService(context));
  await host.relay(db);
  host.consume('my-page', db, [onAccountCreated, ...copies]);
  host.job('rebuild', REBUILD_EVERY_MS, rebuildMyPage(context, host, copies));
  host.consume('points', db, [...onOrderEvents, ...onReviewEvents]);
  startPointJobs(host, context);
  return host.listen();
}
