import type { ArchiveServiceDefinition } from '@moa/contracts/chat/v1/archive_service';
import { type Handler, pageOf, pageSizeOf, readPageToken } from '@moa/kit';
import type { Context } from '../service.js';
import { keptOf } from '../store/kept.js';

type ListKeptOfAccount = Handler<typeof ArchiveServiceDefinition.methods.listKeptOfAccount>;

export const listKeptOfAccount =
  ({ models }: Context): ListKeptOfAccount =>
  async ({ accountId, pageSize, pageToken }) => {
    const size = pageSizeOf(pageSize);
    const filter = [accountId];
    const rows = await keptOf(models, accountId, readPageToken(pageToken, filter, ['id'])?.[0] ?? '', size + 1);
    const { items, nextPageToken } = pageOf(rows, size, ({ roomId }) => [roomId], filter);
    const rooms = items
      .filter(({ count }) => count > 0)
      .map(({ roomId, count, retainUntil, holdIds }) => ({ roomId, entryCount: BigInt(count), retainUntil, holdIds: [...holdIds] }));
    return { rooms, nextPageToken };
  };
