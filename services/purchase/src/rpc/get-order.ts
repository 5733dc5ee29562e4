import type { OrderServiceDefinition } from '@moa/contracts/purchase/v1/order_service';
import type { Handler } from '@moa/kit';
import { orderToProto } from '../convert.js';
import { ownedBy } from '../domain/order.js';
import type { Context } from '../service.js';
import { findOrder } from '../store/orders.js';

type GetOrder = Handler<typeof OrderServiceDefinition.methods.getOrder>;

export const getOrder =
  ({ db }: Context): GetOrder =>
  async ({ id }, { caller }) => ({ order: orderToProto(ownedBy(caller.accountId, await findOrder(db.client, id))) });
