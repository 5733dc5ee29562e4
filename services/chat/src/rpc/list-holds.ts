import type { ArchiveServiceDefinition } from '@moa/contracts/chat/v1/archive_service';
import { type Handler, pageOf, pageSizeOf, readTimeToken } from '@moa/kit';
import { holdToProto } from '../convert-archive.js';
import type { Context } from '../service.js';
import { listHolds as list } from '../store/holds.js';

type ListHolds = Handler<typeof ArchiveServiceDefinition.methods.listHolds>;

export const listHolds =
  ({ models }: Context): ListHolds =>
  async ({ released, pageSize, pageToken }) => {
    const size = pageSizeOf(pageSize);
    const rows = await list(models, released, readTimeToken(pageToken, [released]), size + 1);
    const { items, nextPageToken } = pageOf(rows, size, ({ createTime, _id }) => [createTime.toISOString(), _id], [released]);
    return { holds: items.map(holdToProto), nextPageToken };
  };
