import type { FundingPaymentServiceDefinition } from '@moa/contracts/payment/v1/payment_service';
import { type Handler, pageOf, pageSizeOf, readPageToken } from '@moa/kit';
import { billingMethodToProto } from '../convert.js';
import type { Context } from '../service.js';
import { listBillingMethods as readBillingMethods } from '../store/billing-methods.js';

type ListBillingMethods = Handler<typeof FundingPaymentServiceDefinition.methods.listBillingMethods>;

export const listBillingMethods =
  ({ db }: Context): ListBillingMethods =>
  async ({ pageSize, pageToken }, { caller }) => {
    const filter = ['billing methods', caller.accountId];
    const size = pageSizeOf(pageSize);
    const [after] = readPageToken(pageToken, filter, ['id']) ?? [];
    const rows = await readBillingMethods(db, caller.accountId, after, size + 1);
    const { items, nextPageToken } = pageOf(rows, size, ({ id }) => [id], filter);
    return { billingMethods: items.map(billingMethodToProto), nextPageToken };
  };
