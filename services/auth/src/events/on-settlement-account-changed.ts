import { SettlementAccountChanged } from '@moa/contracts/seller/v1/seller_events';
import { on, type Subscription } from '@moa/kit';
import type { PrismaClient } from '../generated/client.js';
import type { Context } from '../service.js';
import { findEmail } from '../store/accounts.js';
import { queueMail } from '../store/mail.js';

/** The person is told at once: a thief would change the account, too. */
export const onSettlementAccountChanged = ({ sealMail }: Pick<Context, 'sealMail'>): Subscription<PrismaClient> =>
  on<SettlementAccountChanged, PrismaClient>(SettlementAccountChanged, async ({ sellerId, changeTime, usableFrom }, tx, info) => {
    const db = { client: tx };
    const times = { changeTime: changeTime!.toISOString(), usableFrom: usableFrom!.toISOString() };
    await queueMail(db, info, sealMail(await findEmail(db, sellerId), { kind: 'SETTLEMENT_ACCOUNT_CHANGED', ...times }));
  });
