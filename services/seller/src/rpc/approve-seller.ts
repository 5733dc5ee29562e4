import { SellerApproved } from '@moa/contracts/seller/v1/seller_events';
import { ApproveSellerResponse, type SellerServiceDefinition } from '@moa/contracts/seller/v1/seller_service';
import { emit, type Handler, once } from '@moa/kit';
import { sellerToProto } from '../convert.js';
import { approve } from '../domain/seller.js';
import type { Context } from '../service.js';
import { lockSeller, saveSeller } from '../store/sellers.js';

type ApproveSeller = Handler<typeof SellerServiceDefinition.methods.approveSeller>;

export const approveSeller =
  ({ db, bankAccountKey }: Context): ApproveSeller =>
  ({ sellerId }, call) =>
    once(db, call, ApproveSellerResponse, async (tx) => {
      const seller = approve(await lockSeller(tx, bankAccountKey, sellerId));
      await saveSeller(tx, bankAccountKey, seller);
      await emit(tx, call, SellerApproved, { sellerId }, seller);
      return { seller: sellerToProto(seller) };
    });
