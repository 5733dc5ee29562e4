import { SetFeePolicyResponse, type SettlementServiceDefinition } from '@moa/contracts/payment/v1/settlement_service';
import type { Money } from '@moa/contracts/type/v1/money';
import { type Handler, invalid, once } from '@moa/kit';
import { flowFromProto, policyToProto } from '../convert-settlement.js';
import type { Context } from '../service.js';
import { addFeePolicy } from '../store/fee-policies.js';

type SetFeePolicy = Handler<typeof SettlementServiceDefinition.methods.setFeePolicy>;

export const setFeePolicy =
  ({ db }: Context): SetFeePolicy =>
  ({ sellerId, validFrom, flow, platformFixed, ...wanted }, call) => {
    // What was asked for before keeps the policy of its time.
    if (validFrom! < call.at) throw invalid([{ field: 'valid_from', description: 'must not be in the past' }]);
    return once(db, call, SetFeePolicyResponse, async (tx) => {
      const { platformBasisPoints, earlyBasisPoints, finalAfterDays } = wanted;
      const policy = await addFeePolicy(tx, {
        sellerId: sellerId || null,
        flow: flowFromProto(flow) ?? null,
        validFrom: validFrom!,
        platformBasisPoints,
        ...fixedPart(platformFixed),
        earlyBasisPoints,
        finalAfterDays,
        creatorId: call.caller.accountId,
        createTime: call.at,
      });
      return { policy: policyToProto(policy) };
    });
  };

// Nothing has no currency.
const fixedPart = (fixed: Money | undefined): { fixedCurrency: string | null; fixedMinor: bigint } =>
  fixed && fixed.amountMinor > 0n
    ? { fixedCurrency: fixed.currencyCode, fixedMinor: fixed.amountMinor }
    : { fixedCurrency: null, fixedMinor: 0n };
