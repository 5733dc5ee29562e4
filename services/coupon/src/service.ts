import {
  CouponAdminServiceDefinition,
  CouponHoldServiceDefinition,
  CouponServiceDefinition,
} from '@moa/contracts/coupon/v1/coupon_service';
import { type Database, mergeCalls, openHost, openRedis, type Running } from '@moa/kit';
import type { CouponConfig } from './config.js';
import { subscriptions } from './events/index.js';
import { PrismaClient } from './generated/client.js';
import { startJobs } from './jobs/index.js';
import { couponAdminService, couponHoldService, couponService } from './rpc/index.js';
import { type ClaimRequest, claimCoupons } from './store/issue.js';
import { type ClaimDoor, openClaimDoor } from './work/claim-door.js';

/** More at once would hold a campaign's row for longer than anybody gains. */
const CLAIMS_TOGETHER = 64;

export interface Context {
  readonly db: Database<PrismaClient>;
  readonly door: ClaimDoor;
  /** Claims that come together are written together; gives the coupon's id. */
  readonly claim: (request: ClaimRequest) => Promise<string>;
}

export async function startCoupon(config: CouponConfig): Promise<Running> {
  const host = await openHost('coupon', config);
  const db = host.database((adapter) => new PrismaClient({ adapter }));
  const door = openClaimDoor(openRedis(config.REDIS_URL, host), config.REDIS_PREFIX, db.client);
  const claim = mergeCalls(CLAIMS_TOGETHER, (requests: readonly ClaimRequest[]) => claimCoupons(db, requests));
  const context: Context = { db, door, claim };

  host.serve(CouponServiceDefinition, couponService(context));
  host.serve(CouponAdminServiceDefinition, couponAdminService(context));
  host.serve(CouponHoldServiceDefinition, couponHoldService(context));
  await host.relay(db);
  host.consume('accounts', db, subscriptions);
  startJobs(host, context);
  return host.listen();
}
