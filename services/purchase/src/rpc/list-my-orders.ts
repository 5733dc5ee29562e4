import type { OrderServiceDefinition } from '@moa/contracts/purchase/v1/order_service';
import { type Handler, pageOf, pageSizeOf, readPageToken } from '@moa/kit';
import { orderToProto } from '../convert.js';
import type { Context } from '../service.js';
import { listOrdersOfBuyer } from '../store/orders.js';

type ListMyOrders = Handler<typeof OrderServiceDefinition.methods.listMyOrders>;

export const listMyOrders =
  ({ db }: Context): ListMyOrders =>
  async ({ pageSize, pageToken }, { caller }) => {
    const filter = ['buyer', caller.accountId];
    const size = pageSizeOf(pageSize);
    const [after] = readPageToken(pageToken, filter, ['id']) ?? [];
    const rows = await listOrdersOfBuyer(db.client, caller.accountId, after, size + 1);
    const { items, nextPageToken } = pageOf(rows, size, ({ id }) => [id], filter);
    return { orders: items.map(orderToProto), nextPageToken };
  };
