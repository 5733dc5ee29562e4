import { CreateSettlementResponse, type SettlementServiceDefinition } from '@moa/contracts/payment/v1/settlement_service';
import { type Handler, invalid, newId, once } from '@moa/kit';
import { projectKindFromProto, settlementToProto } from '../convert-settlement.js';
import type { Context } from '../service.js';
import { createSettlement as addUp, findSettlement } from '../store/settlements.js';

type CreateSettlement = Handler<typeof SettlementServiceDefinition.methods.createSettlement>;

export const createSettlement =
  ({ db }: Context): CreateSettlement =>
  ({ projectId, kind }, call) => {
    const wanted = projectKindFromProto(kind);
    if (!wanted) throw invalid([{ field: 'kind', description: 'must be that of a project' }]);
    return once(db, call, CreateSettlementResponse, async (tx) => {
      const id = newId();
      await addUp(tx, call, id, projectId, wanted);
      return { settlement: settlementToProto((await findSettlement(tx, id))!) };
    });
  };
