import type { SettlementServiceDefinition } from '@moa/contracts/payment/v1/settlement_service';
import { type Handler, pageOf, pageSizeOf, readPageToken } from '@moa/kit';
import { settlementToProto } from '../convert-settlement.js';
import type { Context } from '../service.js';
import { listSettlements as readSettlements } from '../store/settlements.js';

type ListSettlements = Handler<typeof SettlementServiceDefinition.methods.listSettlements>;

export const listSettlements =
  ({ db }: Context): ListSettlements =>
  async ({ sellerId, pageSize, pageToken }) => {
    const filter = ['settlements', sellerId];
    const size = pageSizeOf(pageSize);
    const [after] = readPageToken(pageToken, filter) ?? [];
    const { items, nextPageToken } = pageOf(
      await readSettlements(db, sellerId || undefined, after, size + 1),
      size,
      ({ id }) => [id],
      filter,
    );
    return { settlements: items.map(settlementToProto), nextPageToken };
  };
