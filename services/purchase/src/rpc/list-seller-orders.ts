import { Order_State } from '@moa/contracts/purchase/v1/order';
import type { SellerOrderServiceDefinition } from '@moa/contracts/purchase/v1/order_service';
import { enumName, type Handler, pageOf, pageSizeOf, readPageToken } from '@moa/kit';
import { sellerOrderToProto } from '../convert.js';
import type { OrderState } from '../domain/order.js';
import type { Context } from '../service.js';
import { listOrdersOfSeller } from '../store/order-lists.js';

type ListSellerOrders = Handler<typeof SellerOrderServiceDefinition.methods.listSellerOrders>;

export const listSellerOrders =
  ({ db }: Context): ListSellerOrders =>
  async ({ state, pageSize, pageToken }, { caller }) => {
    const sellerId = caller.accountId;
    const wanted = enumName<OrderState>(Order_State, state, 'STATE_');
    const filter = ['seller', sellerId, wanted ?? ''];
    const size = pageSizeOf(pageSize);
    const [after] = readPageToken(pageToken, filter, ['id']) ?? [];
    const rows = await listOrdersOfSeller(db.client, sellerId, wanted, after, size + 1);
    const { items, nextPageToken } = pageOf(rows, size, ({ id }) => [id], filter);
    return { orders: items.map((order) => sellerOrderToProto(order, sellerId)), nextPageToken };
  };
