import type { SettlementServiceDefinition } from '@moa/contracts/payment/v1/settlement_service';
import { type Handler, pageOf, pageSizeOf, readPageToken } from '@moa/kit';
import { payoutStateFromProto, payoutToProto } from '../convert-settlement.js';
import type { Context } from '../service.js';
import { listPayouts as readPayouts } from '../store/payouts.js';

type ListPayouts = Handler<typeof SettlementServiceDefinition.methods.listPayouts>;

export const listPayouts =
  ({ db }: Context): ListPayouts =>
  async ({ state, pageSize, pageToken }) => {
    const filter = ['payouts', state];
    const size = pageSizeOf(pageSize);
    const [after] = readPageToken(pageToken, filter, ['id']) ?? [];
    const { items, nextPageToken } = pageOf(
      await readPayouts(db, payoutStateFromProto(state), after, size + 1),
      size,
      ({ id }) => [id],
      filter,
    );
    return { payouts: items.map(payoutToProto), nextPageToken };
  };
