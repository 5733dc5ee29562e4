import { CreatePeriodSettlementResponse, type SettlementServiceDefinition } from '@moa/contracts/payment/v1/settlement_service';
import { type Handler, newId, once } from '@moa/kit';
import { settlementToProto } from '../convert-settlement.js';
import type { Context } from '../service.js';
import { createPeriodSettlement as addUp, findSettlement } from '../store/settlements.js';

type CreatePeriodSettlement = Handler<typeof SettlementServiceDefinition.methods.createPeriodSettlement>;

export const createPeriodSettlement =
  ({ db }: Context): CreatePeriodSettlement =>
  ({ sellerId, currencyCode, periodEnd }, call) =>
    once(db, call, CreatePeriodSettlementResponse, async (tx) => {
      const id = newId();
      await addUp(tx, call, id, { sellerId, currency: currencyCode, end: periodEnd! });
      return { settlement: settlementToProto((await findSettlement(tx, id))!) };
    });
