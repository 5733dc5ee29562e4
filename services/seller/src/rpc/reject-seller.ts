import { SellerRejected } from '@moa/contracts/seller/v1/seller_events';
import { RejectSellerResponse, type SellerServiceDefinition } from '@moa/contracts/seller/v1/seller_service';
import { emit, type Handler, once } from '@moa/kit';
import { sellerToProto } from '../convert.js';
import { reject } from '../domain/seller.js';
import { decide } from '../domain/verification.js';
import type { Context } from '../service.js';
import { lockSeller, saveSeller } from '../store/sellers.js';
import { findWaitingVerification, saveDecision } from '../store/verifications.js';

type RejectSeller = Handler<typeof SellerServiceDefinition.methods.rejectSeller>;

export const rejectSeller =
  ({ db, bankAccountKey }: Context): RejectSeller =>
  ({ sellerId, reason }, call) =>
    once(db, call, RejectSellerResponse, async (tx) => {
      const seller = reject(await lockSeller(tx, bankAccountKey, sellerId), reason);
      await saveSeller(tx, bankAccountKey, seller);
      const waiting = await findWaitingVerification(tx, sellerId);
      const decision = { rejectionReason: reason, reviewerId: call.caller.accountId, at: call.at };
      if (waiting) await saveDecision(tx, decide(waiting, decision));
      await emit(tx, call, SellerRejected, { sellerId }, seller);
      return { seller: sellerToProto(seller) };
    });
