import { SetFeePolicyResponse, type SettlementServiceDefinition } from '@moa/contracts/payment/v1/settlement_service';
import { type Handler, invalid, once } from '@moa/kit';
import { policyToProto } from '../convert-settlement.js';
import type { Context } from '../service.js';
import { addFeePolicy } from '../store/fee-policies.js';

type SetFeePolicy = Handler<typeof SettlementServiceDefinition.methods.setFeePolicy>;

export const setFeePolicy =
  ({ db }: Context): SetFeePolicy =>
  ({ sellerId, validFrom, platformBasisPoints, earlyBasisPoints, finalAfterDays }, call) => {
    // What was asked for before keeps the policy of its time.
    if (validFrom! < call.at) throw invalid([{ field: 'valid_from', description: 'must not be in the past' }]);
    return once(db, call, SetFeePolicyResponse, async (tx) => {
      const made = { sellerId: sellerId || null, validFrom: validFrom!, platformBasisPoints, earlyBasisPoints, finalAfterDays };
      return { policy: policyToProto(await addFeePolicy(tx, { ...made, creatorId: call.caller.accountId, createTime: call.at })) };
    });
  };
