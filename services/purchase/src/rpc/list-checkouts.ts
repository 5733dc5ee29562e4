import { Checkout_State } from '@moa/contracts/purchase/v1/order';
import type { CheckoutAdminServiceDefinition } from '@moa/contracts/purchase/v1/order_service';
import { enumName, type Handler, pageOf, pageSizeOf, readPageToken } from '@moa/kit';
import { checkoutToProto } from '../convert.js';
import type { CheckoutState } from '../domain/checkout.js';
import type { Context } from '../service.js';
import { listCheckouts as list } from '../store/checkouts.js';

type ListCheckouts = Handler<typeof CheckoutAdminServiceDefinition.methods.listCheckouts>;

export const listCheckouts =
  ({ db }: Context): ListCheckouts =>
  async ({ state, pageSize, pageToken }) => {
    const wanted: CheckoutState = enumName(Checkout_State, state, 'STATE_') ?? 'STUCK';
    const size = pageSizeOf(pageSize);
    const [after] = readPageToken(pageToken, [wanted], ['id']) ?? [];
    const { items, nextPageToken } = pageOf(await list(db.client, wanted, after, size + 1), size, ({ orderId }) => [orderId], [wanted]);
    return { checkouts: items.map(checkoutToProto), nextPageToken };
  };
