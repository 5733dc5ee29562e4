import type { AccountServiceDefinition } from '@moa/contracts/auth/v1/account_service';
import { type Handler, pageOf, pageSizeOf, readTimeToken } from '@moa/kit';
import type { Context } from '../service.js';
import { listRevoked } from '../store/sessions.js';

type ListRevokedSessions = Handler<typeof AccountServiceDefinition.methods.listRevokedSessions>;

export const listRevokedSessions =
  ({ db }: Context): ListRevokedSessions =>
  async ({ sinceTime, pageSize, pageToken }) => {
    const filter = [sinceTime!.toISOString()];
    const size = pageSizeOf(pageSize);
    const rows = await listRevoked(db, sinceTime!, readTimeToken(pageToken, filter), size + 1);
    const { items, nextPageToken } = pageOf(rows, size, (row) => [row.revokeTime.toISOString(), row.sessionId], filter);
    return { sessions: items.map((row) => ({ ...row, version: BigInt(row.version) })), nextPageToken };
  };
