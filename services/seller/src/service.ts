import { SettlementServiceDefinition } from '@moa/contracts/payment/v1/settlement_service';
import { SellerDashboardServiceDefinition } from '@moa/contracts/seller/v1/dashboard_service';
import { SellerServiceDefinition } from '@moa/contracts/seller/v1/seller_service';
import { StatementServiceDefinition } from '@moa/contracts/seller/v1/statement_service';
import { VerificationServiceDefinition } from '@moa/contracts/seller/v1/verification_service';
import { type Database, openHost, type Remote, type Running, type Secret } from '@moa/kit';
import type { SellerConfig } from './config.js';
import { subscriptions } from './events/index.js';
import { onAccountClosed } from './events/on-account-closed.js';
import { PrismaClient } from './generated/client.js';
import { dashboardService, sellerService, statementService, verificationService } from './rpc/index.js';
import { PURPOSE } from './store/freshness.js';

export interface Context {
  readonly db: Database<PrismaClient>;
  readonly bankAccountKey: Secret;
  readonly payment: Remote<typeof SettlementServiceDefinition>;
}

export async function startSeller(config: SellerConfig): Promise<Running> {
  const host = await openHost('seller', config);
  const db = host.database((adapter) => new PrismaClient({ adapter }));
  const payment = host.connect(SettlementServiceDefinition, config.PAYMENT_ADDRESS);
  const context: Context = { db, bankAccountKey: config.BANK_ACCOUNT_KEY, payment };
  host.serve(SellerServiceDefinition, sellerService(context));
  host.serve(VerificationServiceDefinition, verificationService(context));
  host.serve(SellerDashboardServiceDefinition, dashboardService(context));
  host.serve(StatementServiceDefinition, statementService(context));
  await host.relay(db);
  host.consume(PURPOSE, db, subscriptions);
  host.consume('closing', db, [onAccountClosed(config.BANK_ACCOUNT_KEY)]);
  return host.listen();
}
