import { randomBytes } from 'node:crypto';
import { CreatePartnerClientResponse, type PartnerAdminServiceDefinition } from '@moa/contracts/auth/v1/partner_service';
import { type Handler, newId, once } from '@moa/kit';
import { partnerClientToProto, rateClassName } from '../convert.js';
import { checkScopes, newPartnerClient } from '../domain/partner-client.js';
import { PARTNER_SECRET_BYTES, partnerSecretHashOf, writePartnerSecret } from '../domain/partner-secret.js';
import { SCOPES } from '../scopes.js';
import { sealedAnswer } from '../sealed-answer.js';
import type { Context } from '../service.js';
import { audit } from '../store/audit.js';
import { addPartnerClient } from '../store/partner-clients.js';

type CreatePartnerClient = Handler<typeof PartnerAdminServiceDefinition.methods.createPartnerClient>;

export const createPartnerClient =
  ({ db, sealingKey }: Context): CreatePartnerClient =>
  async (request, call) => {
    const scopes = checkScopes(request.scopes, SCOPES);
    return once(db, call, sealedAnswer(CreatePartnerClientResponse, sealingKey, call), async (tx) => {
      const clientSecret = writePartnerSecret(randomBytes(PARTNER_SECRET_BYTES));
      const client = newPartnerClient({
        id: newId(),
        name: request.name,
        scopes,
        rateClass: rateClassName(request.rateClass)!,
        secretHash: partnerSecretHashOf(clientSecret),
        sessionId: newId(),
        createTime: call.at,
      });
      await addPartnerClient(tx, client);
      const facts = { name: client.name, scopes: scopes.join(' '), rateClass: client.rateClass };
      await audit(tx, call, { action: 'CREATE_PARTNER_CLIENT', subject: client.id, facts });
      return { client: partnerClientToProto(client), clientSecret };
    });
  };
