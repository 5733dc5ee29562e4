import type { PartnerAdminServiceDefinition } from '@moa/contracts/auth/v1/partner_service';
import { type Handler, pageOf, pageSizeOf, readPageToken } from '@moa/kit';
import { partnerClientToProto } from '../convert.js';
import type { Context } from '../service.js';
import { listPartnerClients as readClients } from '../store/partner-clients.js';

type ListPartnerClients = Handler<typeof PartnerAdminServiceDefinition.methods.listPartnerClients>;

export const listPartnerClients =
  ({ db }: Context): ListPartnerClients =>
  async ({ pageSize, pageToken }) => {
    const size = pageSizeOf(pageSize);
    const [after] = readPageToken(pageToken, [], ['id']) ?? [];
    const { items, nextPageToken } = pageOf(await readClients(db, after, size + 1), size, ({ id }) => [id]);
    return { clients: items.map(partnerClientToProto), nextPageToken };
  };
