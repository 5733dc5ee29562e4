import type { PartnerAdminServiceDefinition } from '@moa/contracts/auth/v1/partner_service';
import type { Handler } from '@moa/kit';
import { partnerClientToProto } from '../convert.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { findPartnerClient } from '../store/partner-clients.js';

type GetPartnerClient = Handler<typeof PartnerAdminServiceDefinition.methods.getPartnerClient>;

export const getPartnerClient =
  ({ db }: Context): GetPartnerClient =>
  async ({ clientId }) => {
    const client = await findPartnerClient(db, clientId);
    if (!client) throw fail('PARTNER_NOT_FOUND');
    return { client: partnerClientToProto(client) };
  };
