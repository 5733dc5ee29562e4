import type { SettlementServiceDefinition } from '@moa/contracts/payment/v1/settlement_service';
import type { Handler } from '@moa/kit';
import { settlementToProto } from '../convert-settlement.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { findSettlement } from '../store/settlements.js';

type GetSettlement = Handler<typeof SettlementServiceDefinition.methods.getSettlement>;

export const getSettlement =
  ({ db }: Context): GetSettlement =>
  async ({ id }) => {
    const settlement = await findSettlement(db.client, id);
    if (!settlement) throw fail('SETTLEMENT_NOT_FOUND');
    return { settlement: settlementToProto(settlement) };
  };
