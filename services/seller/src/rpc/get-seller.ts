import type { SellerServiceDefinition } from '@moa/contracts/seller/v1/seller_service';
import type { Handler } from '@moa/kit';
import { sellerToProto } from '../convert.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { findSeller } from '../store/sellers.js';

type GetSeller = Handler<typeof SellerServiceDefinition.methods.getSeller>;

export const getSeller =
  ({ db, bankAccountKey }: Context): GetSeller =>
  async (_, call) => {
    const seller = await findSeller(db, bankAccountKey, call.caller.accountId);
    if (!seller) throw fail('SELLER_NOT_FOUND');
    return { seller: sellerToProto(seller) };
  };
