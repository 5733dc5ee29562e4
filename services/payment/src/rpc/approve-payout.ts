import { ApprovePayoutResponse, type SettlementServiceDefinition } from '@moa/contracts/payment/v1/settlement_service';
import { type Handler, once } from '@moa/kit';
import { payoutToProto } from '../convert-settlement.js';
import type { Context } from '../service.js';
import { decidePayout, findPayout } from '../store/payouts.js';

type ApprovePayout = Handler<typeof SettlementServiceDefinition.methods.approvePayout>;

export const approvePayout =
  ({ db, wakePayouts }: Context): ApprovePayout =>
  async ({ id }, call) => {
    const response = await once(db, call, ApprovePayoutResponse, async (tx) => {
      await decidePayout(tx, call, id, true, '');
      return { payout: payoutToProto((await findPayout(tx, id))!) };
    });
    wakePayouts();
    return response;
  };
