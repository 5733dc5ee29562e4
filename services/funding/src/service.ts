import { CouponHoldServiceDefinition } from '@moa/contracts/coupon/v1/coupon_service';
import { FulfilmentServiceDefinition } from '@moa/contracts/funding/v1/fulfilment_service';
import { PledgeServiceDefinition } from '@moa/contracts/funding/v1/pledge_service';
import { ProjectServiceDefinition } from '@moa/contracts/funding/v1/project_service';
import { UpdateServiceDefinition } from '@moa/contracts/funding/v1/update_service';
import { FundingPaymentServiceDefinition } from '@moa/contracts/payment/v1/payment_service';
import { PointServiceDefinition } from '@moa/contracts/user/v1/point_service';
import { type Database, mergeCalls, openHost, type Remote, type Running } from '@moa/kit';
import type { FundingConfig } from './config.js';
import type { Pledge } from './domain/pledge.js';
import { subscriptions } from './events/index.js';
import { onAccountClosed } from './events/on-account-closed.js';
import { PrismaClient } from './generated/client.js';
import { startJobs } from './jobs/index.js';
import { openProgressFeeds, type ProgressFeeds } from './progress-feeds.js';
import { fulfilmentService, pledgeService, projectService, updateService } from './rpc/index.js';
import { type PledgeRequest, placePledges } from './store/pledge-writes.js';
import { readStandings } from './store/standings.js';

/** More at once would hold a hot project's row for longer than anybody gains. */
const PLEDGES_TOGETHER = 32;

export interface Context {
  readonly db: Database<PrismaClient>;
  readonly payment: Remote<typeof FundingPaymentServiceDefinition>;
  readonly coupons: Remote<typeof CouponHoldServiceDefinition>;
  readonly points: Remote<typeof PointServiceDefinition>;
  /** Pledges that come together are written together. */
  readonly placePledge: (request: PledgeRequest) => Promise<Pledge>;
  readonly progress: ProgressFeeds;
}

export async function startFunding(config: FundingConfig): Promise<Running> {
  const host = await openHost('funding', config);
  const db = host.database((adapter) => new PrismaClient({ adapter }));
  const payment = host.connect(FundingPaymentServiceDefinition, config.PAYMENT_ADDRESS);
  const coupons = host.connect(CouponHoldServiceDefinition, config.COUPON_ADDRESS);
  const points = host.connect(PointServiceDefinition, config.USER_ADDRESS);
  const placePledge = mergeCalls(PLEDGES_TOGETHER, (requests: readonly PledgeRequest[]) => placePledges(db, requests));
  const progress = openProgressFeeds((ids) => readStandings(db.client, ids), host.clock.now);
  const context: Context = { db, payment, coupons, points, placePledge, progress };

  host.serve(ProjectServiceDefinition, projectService(context));
  host.serve(PledgeServiceDefinition, pledgeService(context));
  host.serve(FulfilmentServiceDefinition, fulfilmentService(context));
  host.serve(UpdateServiceDefinition, updateService(context));
  await host.relay(db);
  host.consume('payments', db, subscriptions);
  host.consume('closing', db, [onAccountClosed]);
  startJobs(host, context);
  return host.listen();
}
