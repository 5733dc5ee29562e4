import type { OrderServiceDefinition } from '@moa/contracts/purchase/v1/order_service';
import type { Handler } from '@moa/kit';
import { money } from '../convert.js';
import type { Context } from '../service.js';
import { listChargedOrders as readChargedOrders } from '../store/order-lists.js';

type ListChargedOrders = Handler<typeof OrderServiceDefinition.methods.listChargedOrders>;

const PAGE = 1_000;

export const listChargedOrders =
  ({ db }: Context): ListChargedOrders =>
  async ({ afterId }) => {
    const rows = await readChargedOrders(db.client, afterId, PAGE);
    return { orders: rows.map(({ id, currency, heldMinor }) => ({ id, held: money(currency, heldMinor) })) };
  };
