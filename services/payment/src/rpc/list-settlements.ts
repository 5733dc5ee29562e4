import type { SettlementServiceDefinition } from '@moa/contracts/payment/v1/settlement_service';
import { type Handler, pageOf, pageSizeOf, readPageToken } from '@moa/kit';
import { settlementStateFromProto, settlementToProto } from '../convert-settlement.js';
import type { Context } from '../service.js';
import { listSettlements as readSettlements } from '../store/settlements.js';

type ListSettlements = Handler<typeof SettlementServiceDefinition.methods.listSettlements>;

export const listSettlements =
  ({ db }: Context): ListSettlements =>
  async ({ sellerId, state, pageSize, pageToken }) => {
    const filter = ['settlements', sellerId, state];
    const size = pageSizeOf(pageSize);
    const [after] = readPageToken(pageToken, filter, ['id']) ?? [];
    const { items, nextPageToken } = pageOf(
      await readSettlements(db, { sellerId: sellerId || undefined, state: settlementStateFromProto(state) }, after, size + 1),
      size,
      ({ id }) => [id],
      filter,
    );
    return { settlements: items.map(settlementToProto), nextPageToken };
  };
