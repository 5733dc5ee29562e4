import { type PartnerAdminServiceDefinition, ReinstatePartnerClientResponse } from '@moa/contracts/auth/v1/partner_service';
import { type Handler, newId, once } from '@moa/kit';
import { partnerClientToProto } from '../convert.js';
import { reinstated } from '../domain/partner-client.js';
import type { Context } from '../service.js';
import { audit } from '../store/audit.js';
import { lockPartnerClient, savePartnerClient } from '../store/partner-clients.js';

type ReinstatePartnerClient = Handler<typeof PartnerAdminServiceDefinition.methods.reinstatePartnerClient>;

export const reinstatePartnerClient =
  ({ db }: Context): ReinstatePartnerClient =>
  ({ clientId, reason = '' }, call) =>
    once(db, call, ReinstatePartnerClientResponse, async (tx) => {
      const client = await lockPartnerClient(tx, clientId);
      const next = reinstated(client, newId());
      if (!next) return { client: partnerClientToProto(client) };
      await savePartnerClient(tx, call, client, next);
      await audit(tx, call, { action: 'REINSTATE_PARTNER_CLIENT', subject: clientId, reason });
      return { client: partnerClientToProto(next) };
    });
