import { SellerApproved } from '@moa/contracts/seller/v1/seller_events';
import { on } from '@moa/kit';
import type { PrismaClient } from '../generated/client.js';
import { grantRole } from '../store/accounts.js';

/** An approved seller may sell from the next token on. */
export const onSellerApproved = on<SellerApproved, PrismaClient>(SellerApproved, (event, tx, info) =>
  grantRole(tx, info, 'service:seller', event.sellerId, 'SELLER'),
);
