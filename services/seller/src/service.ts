import { SellerServiceDefinition } from '@moa/contracts/seller/v1/seller_service';
import { type Database, openHost, type Running, type Secret } from '@moa/kit';
import type { SellerConfig } from './config.js';
import { PrismaClient } from './generated/client.js';
import { sellerService } from './rpc/index.js';

export interface Context {
  readonly db: Database<PrismaClient>;
  readonly bankAccountKey: Secret;
}

export async function startSeller(config: SellerConfig): Promise<Running> {
  const host = await openHost('seller', config);
  const db = host.database((adapter) => new PrismaClient({ adapter }));
  host.serve(SellerServiceDefinition, sellerService({ db, bankAccountKey: config.BANK_ACCOUNT_KEY }));
  await host.relay(db);
  return host.listen();
}
