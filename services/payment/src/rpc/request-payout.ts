import { RequestPayoutResponse, type SettlementServiceDefinition } from '@moa/contracts/payment/v1/settlement_service';
import { type Handler, newId, once } from '@moa/kit';
import { payoutToProto } from '../convert-settlement.js';
import type { Context } from '../service.js';
import { requestPayout as ask, findPayout } from '../store/payouts.js';

type RequestPayout = Handler<typeof SettlementServiceDefinition.methods.requestPayout>;

export const requestPayout =
  ({ db }: Context): RequestPayout =>
  ({ settlementId }, call) =>
    once(db, call, RequestPayoutResponse, async (tx) => {
      const id = newId();
      await ask(tx, call, id, settlementId);
      return { payout: payoutToProto((await findPayout(tx, id))!) };
    });
