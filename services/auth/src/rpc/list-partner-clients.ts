import type { PartnerAdminServiceDefinition } from '@moa/contracts/auth/v1/partner_service';
import { type Handler, kitFail, pageOf, pageSizeOf, readPageToken } from '@moa/kit';
import { z } from 'zod';
import { partnerClientToProto } from '../convert.js';
import type { Context } from '../service.js';
import { listPartnerClients as readClients } from '../store/partner-clients.js';

type ListPartnerClients = Handler<typeof PartnerAdminServiceDefinition.methods.listPartnerClients>;

const idShape = z.guid();

export const listPartnerClients =
  ({ db }: Context): ListPartnerClients =>
  async ({ pageSize, pageToken }) => {
    const size = pageSizeOf(pageSize);
    const [after] = readPageToken(pageToken) ?? [];
    // A token is opaque, not signed: it may have been made up.
    if (after !== undefined && !idShape.safeParse(after).success) throw kitFail('PAGE_TOKEN_INVALID');
    const { items, nextPageToken } = pageOf(await readClients(db, after, size + 1), size, ({ id }) => [id]);
    return { clients: items.map(partnerClientToProto), nextPageToken };
  };
