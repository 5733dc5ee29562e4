import { type PartnerAdminServiceDefinition, UpdatePartnerClientResponse } from '@moa/contracts/auth/v1/partner_service';
import { type Handler, once } from '@moa/kit';
import { partnerClientToProto, rateClassName } from '../convert.js';
import { changed, checkScopes } from '../domain/partner-client.js';
import { SCOPES } from '../scopes.js';
import type { Context } from '../service.js';
import { audit } from '../store/audit.js';
import { lockPartnerClient, savePartnerClient } from '../store/partner-clients.js';

type UpdatePartnerClient = Handler<typeof PartnerAdminServiceDefinition.methods.updatePartnerClient>;

export const updatePartnerClient =
  ({ db }: Context): UpdatePartnerClient =>
  async ({ clientId, client: values, updateMask, etag }, call) => {
    const change = { scopes: checkScopes(values!.scopes, SCOPES), rateClass: rateClassName(values!.rateClass) };
    return once(db, call, UpdatePartnerClientResponse, async (tx) => {
      const client = await lockPartnerClient(tx, clientId);
      const next = changed(client, change, updateMask!, etag);
      await savePartnerClient(tx, call, client, next);
      const facts = {
        scopes: next.scopes.join(' '),
        scopesBefore: client.scopes.join(' '),
        rateClass: next.rateClass,
        rateClassBefore: client.rateClass,
      };
      await audit(tx, call, { action: 'UPDATE_PARTNER_CLIENT', subject: clientId, facts });
      return { client: partnerClientToProto(next) };
    });
  };
