import { randomBytes } from 'node:crypto';
import { type PartnerAdminServiceDefinition, RotatePartnerSecretResponse } from '@moa/contracts/auth/v1/partner_service';
import { type Handler, once } from '@moa/kit';
import { partnerClientToProto } from '../convert.js';
import { rotated } from '../domain/partner-client.js';
import { PARTNER_SECRET_BYTES, partnerSecretHashOf, writePartnerSecret } from '../domain/partner-secret.js';
import { sealedAnswer } from '../sealed-answer.js';
import type { Context } from '../service.js';
import { audit } from '../store/audit.js';
import { lockPartnerClient, savePartnerClient } from '../store/partner-clients.js';

type RotatePartnerSecret = Handler<typeof PartnerAdminServiceDefinition.methods.rotatePartnerSecret>;

export const rotatePartnerSecret =
  ({ db, sealingKey }: Context): RotatePartnerSecret =>
  ({ clientId, overlapHours }, call) =>
    once(db, call, sealedAnswer(RotatePartnerSecretResponse, sealingKey, call), async (tx) => {
      const client = await lockPartnerClient(tx, clientId);
      const clientSecret = writePartnerSecret(randomBytes(PARTNER_SECRET_BYTES));
      const next = rotated(client, partnerSecretHashOf(clientSecret), overlapHours, call.at);
      await savePartnerClient(tx, call, client, next);
      await audit(tx, call, { action: 'ROTATE_PARTNER_SECRET', subject: clientId, facts: { overlapHours: String(overlapHours) } });
      return { client: partnerClientToProto(next), clientSecret };
    });
