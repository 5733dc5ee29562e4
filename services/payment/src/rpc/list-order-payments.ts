import type { InstantPaymentServiceDefinition } from '@moa/contracts/payment/v1/instant_payment_service';
import { type Handler, pageOf, pageSizeOf, readPageToken } from '@moa/kit';
import { instantPaymentToProto } from '../convert-instant.js';
import type { Context } from '../service.js';
import { listOfOrders } from '../store/instant-payments.js';

type ListPayments = Handler<typeof InstantPaymentServiceDefinition.methods.listPayments>;

export const listOrderPayments =
  ({ db }: Context): ListPayments =>
  async ({ pageSize, pageToken }, { caller }) => {
    const filter = ['payments of orders', caller.accountId];
    const size = pageSizeOf(pageSize);
    const [after] = readPageToken(pageToken, filter, ['id']) ?? [];
    const rows = await listOfOrders(db, caller.accountId, after, size + 1);
    const { items, nextPageToken } = pageOf(rows, size, ({ id }) => [id], filter);
    return { payments: items.map(instantPaymentToProto), nextPageToken };
  };
