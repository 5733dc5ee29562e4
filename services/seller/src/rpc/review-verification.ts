import { ReviewVerificationResponse, type VerificationServiceDefinition } from '@moa/contracts/seller/v1/verification_service';
import { type Handler, once } from '@moa/kit';
import { verificationToProto } from '../convert.js';
import { review } from '../domain/verification.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { lockSeller, saveSeller } from '../store/sellers.js';
import { findVerification, saveDecision } from '../store/verifications.js';

type ReviewVerification = Handler<typeof VerificationServiceDefinition.methods.reviewVerification>;

export const reviewVerification =
  ({ db, bankAccountKey }: Context): ReviewVerification =>
  ({ id, decision }, call) =>
    once(db, call, ReviewVerificationResponse, async (tx) => {
      const found = await findVerification(tx, id);
      if (!found) throw fail('VERIFICATION_NOT_FOUND');
      // Read again under the seller's lock: a rival may have decided meanwhile.
      const locked = await lockSeller(tx, bankAccountKey, found.sellerId);
      const waiting = await findVerification(tx, id);
      const { seller, verification } = review(locked!, waiting!, {
        rejectionReason: decision?.$case === 'reject' ? decision.value.reason : undefined,
        reviewerId: call.caller.accountId,
        at: call.at,
      });
      await saveSeller(tx, bankAccountKey, seller);
      await saveDecision(tx, verification);
      return { verification: verificationToProto(verification) };
    });
