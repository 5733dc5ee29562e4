import { AccountServiceDefinition } from '@moa/contracts/auth/v1/account_service';
import { UserServiceDefinition } from '@moa/contracts/user/v1/user_service';
import { type Database, openHost, type Remote, type Running } from '@moa/kit';
import type { UserConfig } from './config.js';
import { onAccountCreated } from './events/on-account-created.js';
import { onPledgeEvents } from './events/on-pledge-events.js';
import { onProjectPublished } from './events/on-project-published.js';
import { PrismaClient } from './generated/client.js';
import { userService } from './rpc/index.js';

export interface Context {
  readonly db: Database<PrismaClient>;
  readonly accounts: Remote<typeof AccountServiceDefinition>;
}

export async function startUser(config: UserConfig): Promise<Running> {
  const host = await openHost('user', config);
  const db = host.database((adapter) => new PrismaClient({ adapter }));
  const accounts = host.connect(AccountServiceDefinition, config.AUTH_ADDRESS);
  host.serve(UserServiceDefinition, userService({ db, accounts }));
  await host.relay(db);
  host.consume('my-page', db, [onAccountCreated, onProjectPublished, ...onPledgeEvents]);
  return host.listen();
}
