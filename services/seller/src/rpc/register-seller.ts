import { SellerRegistered } from '@moa/contracts/seller/v1/seller_events';
import { RegisterSellerResponse, type SellerServiceDefinition } from '@moa/contracts/seller/v1/seller_service';
import { emit, type Handler, once } from '@moa/kit';
import { sellerToProto } from '../convert.js';
import { businessNumberOf } from '../domain/business-number.js';
import { register } from '../domain/seller.js';
import type { Context } from '../service.js';
import { lockSeller, saveSeller } from '../store/sellers.js';

type RegisterSeller = Handler<typeof SellerServiceDefinition.methods.registerSeller>;

export const registerSeller =
  ({ db, bankAccountKey }: Context): RegisterSeller =>
  async ({ companyName, representativeName, settlementAccount, ...request }, call) => {
    const id = call.caller.accountId;
    const businessNumber = businessNumberOf(request.businessNumber);
    return once(db, call, RegisterSellerResponse, async (tx) => {
      const before = await lockSeller(tx, bankAccountKey, id);
      const registration = { id, companyName, businessNumber, representativeName, settlementAccount: settlementAccount! };
      const seller = register(registration, before, call.at);
      await saveSeller(tx, bankAccountKey, seller);
      await emit(tx, call, SellerRegistered, { sellerId: id }, seller);
      return { seller: sellerToProto(seller) };
    });
  };
