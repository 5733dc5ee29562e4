import type { PointServiceDefinition } from '@moa/contracts/user/v1/point_service';
import { type Handler, pageOf, pageSizeOf, readTimeToken } from '@moa/kit';
import { lotToProto } from '../convert-points.js';
import type { Context } from '../service.js';
import { listLots } from '../store/point-lists.js';

type ListPointLots = Handler<typeof PointServiceDefinition.methods.listPointLots>;

export const listPointLots =
  ({ db }: Context): ListPointLots =>
  async ({ pageSize, pageToken }, { caller, at }) => {
    const filter = ['point-lots', caller.accountId];
    const size = pageSizeOf(pageSize);
    const rows = await listLots(db, caller.accountId, at, readTimeToken(pageToken, filter), size + 1);
    const { items, nextPageToken } = pageOf(rows, size, ({ expireTime, id }) => [expireTime.toISOString(), id], filter);
    return { lots: items.map(lotToProto), nextPageToken };
  };
