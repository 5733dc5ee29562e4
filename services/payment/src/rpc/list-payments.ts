import type { FundingPaymentServiceDefinition } from '@moa/contracts/payment/v1/payment_service';
import { type Handler, pageOf, pageSizeOf, readPageToken } from '@moa/kit';
import { paymentToProto } from '../convert.js';
import type { Context } from '../service.js';
import { listPayments as readPayments } from '../store/payments.js';

type ListPayments = Handler<typeof FundingPaymentServiceDefinition.methods.listPayments>;

export const listPayments =
  ({ db }: Context): ListPayments =>
  async ({ pageSize, pageToken }, { caller }) => {
    const filter = ['payments', caller.accountId];
    const size = pageSizeOf(pageSize);
    const [after] = readPageToken(pageToken, filter, ['id']) ?? [];
    const rows = await readPayments(db, caller.accountId, after, size + 1);
    const { items, nextPageToken } = pageOf(rows, size, ({ id }) => [id], filter);
    return { payments: items.map(paymentToProto), nextPageToken };
  };
