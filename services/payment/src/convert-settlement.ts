// Domain <-> contract, of settlements.
import * as proto from '@moa/contracts/payment/v1/settlement';
import {
  FLOWS,
  type Flow,
  PAYOUT_STATES,
  type PayoutState,
  PROJECT_SETTLEMENT_KINDS,
  type ProjectSettlementKind,
  SETTLEMENT_STATES,
  type SettlementKind,
  type SettlementState,
  type StatementLine,
  settlementStateOf,
} from './domain/settlement.js';
import type { FeePolicy, Payout } from './generated/client.js';
import type { PayoutRow } from './store/payouts.js';
import type { SettlementRow } from './store/settlements.js';

export const policyToProto = ({ sellerId, creatorId, flow, fixedCurrency, fixedMinor, ...policy }: FeePolicy): proto.FeePolicy => ({
  ...policy,
  sellerId: sellerId ?? '',
  creatorId: creatorId ?? '',
  flow: flow ? flowToProto(flow as Flow) : proto.FeePolicy_Flow.FLOW_UNSPECIFIED,
  platformFixed: fixedCurrency ? { currencyCode: fixedCurrency, amountMinor: fixedMinor } : undefined,
});

export function settlementToProto(row: SettlementRow): proto.Settlement {
  const money = (amountMinor: bigint) => ({ currencyCode: row.currency, amountMinor });
  const [payout] = row.payouts;
  return {
    id: row.id,
    sellerId: row.sellerId,
    projectId: row.projectId ?? '',
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
    periodStart: row.periodStart ?? undefined,
    periodEnd: row.periodEnd ?? undefined,
    state: settlementStateToProto(settlementStateOf(row.netMinor, payout?.state as PayoutState | undefined)),
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
    pledgeId: line.pledgeId ?? '',
    orderId: line.orderId ?? '',
    gross: money(line.grossMinor),
    platformFee: money(line.platformFeeMinor),
    providerFee: money(line.providerFeeMinor),
    couponShare: money(line.couponMinor),
    net: money(line.netMinor),
  };
}

const kindToProto = (kind: SettlementKind) => proto.Settlement_Kind[`KIND_${kind}`];
const flowToProto = (flow: Flow) => proto.FeePolicy_Flow[`FLOW_${flow}`];
const settlementStateToProto = (state: SettlementState) => proto.Settlement_State[`STATE_${state}`];
const stateToProto = (state: PayoutState) => proto.Payout_State[`STATE_${state}`];

/** Undefined: a period's, which is not of a project. */
export const projectKindFromProto = (kind: proto.Settlement_Kind): ProjectSettlementKind | undefined =>
  PROJECT_SETTLEMENT_KINDS.find((name) => kindToProto(name) === kind);

/** Undefined: both. */
export const flowFromProto = (flow: proto.FeePolicy_Flow): Flow | undefined => FLOWS.find((name) => flowToProto(name) === flow);

/** Undefined: whatever state. */
export const settlementStateFromProto = (state: proto.Settlement_State): SettlementState | undefined =>
  SETTLEMENT_STATES.find((name) => settlementStateToProto(name) === state);

/** Undefined: whatever state. */
export const payoutStateFromProto = (state: proto.Payout_State): PayoutState | undefined =>
  PAYOUT_STATES.find((name) => stateToProto(name) === state);
