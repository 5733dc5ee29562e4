import type { SettlementServiceDefinition } from '@moa/contracts/payment/v1/settlement_service';
import { type Handler, pageOf, pageSizeOf, readPageToken } from '@moa/kit';
import { policyToProto } from '../convert-settlement.js';
import type { Context } from '../service.js';
import { listFeePolicies as readFeePolicies } from '../store/fee-policies.js';

type ListFeePolicies = Handler<typeof SettlementServiceDefinition.methods.listFeePolicies>;

export const listFeePolicies =
  ({ db }: Context): ListFeePolicies =>
  async ({ sellerId, pageSize, pageToken }) => {
    const filter = ['policies', sellerId];
    const size = pageSizeOf(pageSize);
    const [after] = readPageToken(pageToken, filter, ['id']) ?? [];
    const { items, nextPageToken } = pageOf(await readFeePolicies(db, sellerId || null, after, size + 1), size, ({ id }) => [id], filter);
    return { policies: items.map(policyToProto), nextPageToken };
  };
