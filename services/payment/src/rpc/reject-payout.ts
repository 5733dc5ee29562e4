import { RejectPayoutResponse, type SettlementServiceDefinition } from '@moa/contracts/payment/v1/settlement_service';
import { type Handler, once } from '@moa/kit';
import { payoutToProto } from '../convert-settlement.js';
import type { Context } from '../service.js';
import { decidePayout, findPayout } from '../store/payouts.js';

type RejectPayout = Handler<typeof SettlementServiceDefinition.methods.rejectPayout>;

export const rejectPayout =
  ({ db }: Context): RejectPayout =>
  ({ id, reason }, call) =>
    once(db, call, RejectPayoutResponse, async (tx) => {
      await decidePayout(tx, call, id, false, reason);
      return { payout: payoutToProto((await findPayout(tx, id))!) };
    });
