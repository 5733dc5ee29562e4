import type { OrderServiceDefinition } from '@moa/contracts/purchase/v1/order_service';
import type { Handler } from '@moa/kit';
import { orderForMyPage } from '../convert.js';
import type { Context } from '../service.js';
import { listPlacedOrders } from '../store/order-lists.js';

type ListOrdersForMyPage = Handler<typeof OrderServiceDefinition.methods.listOrdersForMyPage>;

const PAGE = 500;

export const listOrdersForMyPage =
  ({ db }: Context): ListOrdersForMyPage =>
  async ({ afterId }) => ({ orders: (await listPlacedOrders(db.client, afterId, PAGE)).map(orderForMyPage) });
