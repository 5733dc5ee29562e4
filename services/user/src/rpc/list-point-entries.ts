import type { PointServiceDefinition } from '@moa/contracts/user/v1/point_service';
import { type Handler, pageOf, pageSizeOf, readPageToken } from '@moa/kit';
import { entryToProto } from '../convert-points.js';
import type { Context } from '../service.js';
import { listEntries } from '../store/point-lists.js';

type ListPointEntries = Handler<typeof PointServiceDefinition.methods.listPointEntries>;

export const listPointEntries =
  ({ db }: Context): ListPointEntries =>
  async ({ pageSize, pageToken }, { caller }) => {
    const filter = ['point-entries', caller.accountId];
    const size = pageSizeOf(pageSize);
    const [before] = readPageToken(pageToken, filter, ['number']) ?? [];
    const rows = await listEntries(db, caller.accountId, before === undefined ? undefined : BigInt(before), size + 1);
    const { items, nextPageToken } = pageOf(rows, size, ({ id }) => [id], filter);
    return { entries: items.map(entryToProto), nextPageToken };
  };
