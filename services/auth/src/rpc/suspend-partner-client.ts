import { type PartnerAdminServiceDefinition, SuspendPartnerClientResponse } from '@moa/contracts/auth/v1/partner_service';
import { type Handler, once } from '@moa/kit';
import { partnerClientToProto } from '../convert.js';
import { suspended } from '../domain/partner-client.js';
import type { Context } from '../service.js';
import { audit } from '../store/audit.js';
import { lockPartnerClient, savePartnerClient } from '../store/partner-clients.js';

type SuspendPartnerClient = Handler<typeof PartnerAdminServiceDefinition.methods.suspendPartnerClient>;

export const suspendPartnerClient =
  ({ db }: Context): SuspendPartnerClient =>
  ({ clientId, reason }, call) =>
    once(db, call, SuspendPartnerClientResponse, async (tx) => {
      const client = await lockPartnerClient(tx, clientId);
      const next = suspended(client);
      if (!next) return { client: partnerClientToProto(client) };
      await savePartnerClient(tx, call, client, next);
      await audit(tx, call, { action: 'SUSPEND_PARTNER_CLIENT', subject: clientId, reason });
      return { client: partnerClientToProto(next) };
    });
