import type { OAuthServiceDefinition } from '@moa/contracts/auth/v1/oauth_service';
import { type Handler, pageOf, pageSizeOf, readPageToken } from '@moa/kit';
import type { Context } from '../service.js';
import { listIdentities as list } from '../store/identities.js';

type ListIdentities = Handler<typeof OAuthServiceDefinition.methods.listIdentities>;

export const listIdentities =
  ({ db }: Context): ListIdentities =>
  async ({ pageSize, pageToken }, { caller }) => {
    const filter = [caller.accountId];
    const size = pageSizeOf(pageSize);
    const [after] = readPageToken(pageToken, filter, ['id']) ?? [];
    const rows = await list(db, caller.accountId, after, size + 1);
    const { items, nextPageToken } = pageOf(rows, size, ({ id }) => [id], filter);
    return { identities: items, nextPageToken };
  };
