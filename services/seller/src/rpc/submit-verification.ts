import { SubmitVerificationResponse, type VerificationServiceDefinition } from '@moa/contracts/seller/v1/verification_service';
import { type Handler, newId, once } from '@moa/kit';
import { documentFromProto, verificationToProto } from '../convert.js';
import { submit } from '../domain/verification.js';
import type { Context } from '../service.js';
import { lockSeller, saveSeller } from '../store/sellers.js';
import { createVerification } from '../store/verifications.js';

type SubmitVerification = Handler<typeof VerificationServiceDefinition.methods.submitVerification>;

export const submitVerification =
  ({ db, bankAccountKey }: Context): SubmitVerification =>
  ({ documents }, call) =>
    once(db, call, SubmitVerificationResponse, async (tx) => {
      const found = await lockSeller(tx, bankAccountKey, call.caller.accountId);
      const { seller, verification } = submit(found, newId(), documents.map(documentFromProto), call.at);
      await saveSeller(tx, bankAccountKey, seller);
      await createVerification(tx, verification);
      return { verification: verificationToProto(verification) };
    });
