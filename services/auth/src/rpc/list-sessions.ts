import type { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import { type Handler, pageOf, pageSizeOf, readPageToken } from '@moa/kit';
import { sessionToProto } from '../convert.js';
import type { Context } from '../service.js';
import { listLiveSessions } from '../store/sessions.js';

type ListSessions = Handler<typeof AuthServiceDefinition.methods.listSessions>;

export const listSessions =
  ({ db }: Context): ListSessions =>
  async ({ pageSize, pageToken }, { caller, at }) => {
    const filter = [caller.accountId];
    const size = pageSizeOf(pageSize);
    const [after] = readPageToken(pageToken, filter, ['id']) ?? [];
    const rows = await listLiveSessions(db, caller.accountId, at, after, size + 1);
    const { items, nextPageToken } = pageOf(rows, size, ({ id }) => [id], filter);
    return { sessions: items.map((row) => sessionToProto(row, caller.sessionId)), nextPageToken };
  };
