// Domain <-> contract, of settlements.
import * as proto from '@moa/contracts/payment/v1/settlement';
import { PAYOUT_STATES, type PayoutState, SETTLEMENT_KINDS, type SettlementKind, type StatementLine } from './domain/settlement.js';
import type { FeePolicy, Payout } from './generated/client.js';
import type { PayoutRow } from './store/payouts.js';
import type { SettlementRow } from './store/settlements.js';

export const policyToProto = ({ sellerId, creatorId, ...policy }: FeePolicy): proto.FeePolicy => ({
  ...policy,
  sellerId: sellerId ?? '',
  creatorId: creatorId ?? '',
});

export function settlementToProto(row: SettlementRow): proto.Settlement {
  const money = (amountMinor: bigint) => ({ currencyCode: row.currency, amountMinor });
  const [payout] = row.payouts;
  return {
    id: row.id,
    sellerId: row.sellerId,
    projectId: row.projectId,
    kind: kindToProto(row.kind as SettlementKind),
    gross: money(row.grossMinor),
    refunds: money(row.refundMinor),
    platformFee: money(row.platformFeeMinor),
    providerFee: money(row.providerFeeMinor),
    couponShare: money(row.couponMinor),
    heldBefore: money(row.heldBeforeMinor),
    shortBefore: money(row.shortBeforeMinor),
    net: money(row.netMinor),
    heldAfter: money(row.heldAfterMinor),
    shortAfter: money(row.shortAfterMinor),
    creatorId: row.creatorId,
    createTime: row.createTime,
    payout: payout && toProto(payout, row.currency),
  };
}

export const payoutToProto = (row: PayoutRow): proto.Payout => toProto(row, row.settlement.currency);

const toProto = (payout: Payout, currencyCode: string): proto.Payout => ({
  id: payout.id,
  settlementId: payout.settlementId,
  amount: { currencyCode, amountMinor: payout.amountMinor },
  state: stateToProto(payout.state as PayoutState),
  requesterId: payout.requesterId,
  approverId: payout.approverId ?? '',
  reason: payout.reason,
  createTime: payout.createTime,
  decideTime: payout.decideTime ?? undefined,
  endTime: payout.endTime ?? undefined,
});

export function lineToProto(line: StatementLine, currencyCode: string): proto.StatementLine {
  const money = (amountMinor: bigint) => ({ currencyCode, amountMinor });
  return {
    time: line.time,
    kind: proto.StatementLine_Kind[`KIND_${line.kind}`],
    paymentId: line.paymentId,
    pledgeId: line.pledgeId,
    gross: money(line.grossMinor),
    platformFee: money(line.platformFeeMinor),
    providerFee: money(line.providerFeeMinor),
    net: money(line.netMinor),
  };
}

const kindToProto = (kind: SettlementKind) => proto.Settlement_Kind[`KIND_${kind}`];
const stateToProto = (state: PayoutState) => proto.Payout_State[`STATE_${state}`];

/** Checked before the handler runs: it is one of the kinds. */
export const settlementKindFromProto = (kind: proto.Settlement_Kind): SettlementKind =>
  SETTLEMENT_KINDS.find((name) => kindToProto(name) === kind)!;

/** Undefined: whatever state. */
export const payoutStateFromProto = (state: proto.Payout_State): PayoutState | undefined =>
  PAYOUT_STATES.find((name) => stateToProto(name) === state);
