import { SettlementAccountChanged } from '@moa/contracts/seller/v1/seller_events';
import { type SellerServiceDefinition, UpdateSettlementAccountResponse } from '@moa/contracts/seller/v1/seller_service';
import { emit, type Handler, once } from '@moa/kit';
import { sellerToProto } from '../convert.js';
import { changeAccount } from '../domain/seller.js';
import type { Context } from '../service.js';
import { lockSeller, saveSeller } from '../store/sellers.js';

type UpdateSettlementAccount = Handler<typeof SellerServiceDefinition.methods.updateSettlementAccount>;

export const updateSettlementAccount =
  ({ db, bankAccountKey }: Context): UpdateSettlementAccount =>
  ({ settlementAccount }, call) =>
    once(db, call, UpdateSettlementAccountResponse, async (tx) => {
      const sellerId = call.caller.accountId;
      const seller = changeAccount(await lockSeller(tx, bankAccountKey, sellerId), settlementAccount!, call.at);
      await saveSeller(tx, bankAccountKey, seller);
      // Who hears of it tells the person. No number is in it.
      const usableFrom = seller.settlementAccountUsableFrom;
      await emit(tx, call, SettlementAccountChanged, { sellerId, changeTime: call.at, usableFrom }, seller);
      return { seller: sellerToProto(seller) };
    });
