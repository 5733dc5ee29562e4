import type { SellerServiceDefinition } from '@moa/contracts/seller/v1/seller_service';
import type { Handler } from '@moa/kit';
import { usableAccount } from '../domain/seller.js';
import type { Context } from '../service.js';
import { findSeller } from '../store/sellers.js';

type GetSettlementAccount = Handler<typeof SellerServiceDefinition.methods.getSettlementAccount>;

export const getSettlementAccount =
  ({ db, bankAccountKey }: Context): GetSettlementAccount =>
  async ({ sellerId }, { at }) => ({ account: usableAccount(await findSeller(db, bankAccountKey, sellerId), at) });
