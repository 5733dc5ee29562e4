import { PledgeServiceDefinition } from '@moa/contracts/funding/v1/pledge_service';
import { ProjectServiceDefinition } from '@moa/contracts/funding/v1/project_service';
import { UpdateServiceDefinition } from '@moa/contracts/funding/v1/update_service';
import { FundingPaymentServiceDefinition } from '@moa/contracts/payment/v1/payment_service';
import { type Database, openHost, type Remote, type Running } from '@moa/kit';
import type { FundingConfig } from './config.js';
import { subscriptions } from './events/index.js';
import { PrismaClient } from './generated/client.js';
import { startJobs } from './jobs/index.js';
import { openProgressFeeds, type ProgressFeeds } from './progress-feeds.js';
import { pledgeService, projectService, updateService } from './rpc/index.js';
import { readStandings } from './store/standings.js';

export interface Context {
  readonly db: Database<PrismaClient>;
  readonly payment: Remote<typeof FundingPaymentServiceDefinition>;
  readonly progress: ProgressFeeds;
}

export async function startFunding(config: FundingConfig): Promise<Running> {
  const host = await openHost('funding', config);
  const db = host.database((adapter) => new PrismaClient({ adapter }));
  const payment = host.connect(FundingPaymentServiceDefinition, config.PAYMENT_ADDRESS);
  const progress = openProgressFeeds((ids) => readStandings(db.client, ids), host.clock.now);
  const context: Context = { db, payment, progress };

  host.serve(ProjectServiceDefinition, projectService(context));
  host.serve(PledgeServiceDefinition, pledgeService(context));
  host.serve(UpdateServiceDefinition, updateService(context));
  await host.relay(db);
  host.consume('payments', db, subscriptions);
  startJobs(host, context);
  return host.listen();
}
