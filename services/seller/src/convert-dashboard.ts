// The copies <-> contract.
import {
  type FundingOutcome,
  FundingPhase,
  type FundingProgress,
  type SettlementSummary,
  SettlementSummary_State,
} from '@moa/contracts/seller/v1/dashboard';
import { NO_PLEDGES, type PledgeSums } from './domain/pledge-copy.js';
import { type ProjectCopy, percentOf } from './domain/project-copy.js';
import { settlementStateOf } from './domain/settlement-copy.js';
import type { ShownSettlement } from './store/settlement-copies.js';

const money = (currencyCode: string, amountMinor: bigint) => ({ currencyCode, amountMinor });

/** Of a project that has opened. The total is frozen once it has closed: what is refunded later takes nothing from it. */
export function progressToProto(project: ProjectCopy, sums: PledgeSums = NO_PLEDGES): FundingProgress {
  const { raisedMinor, pledgeCount } = frozen(project, sums);
  return {
    projectId: project.id,
    title: project.title!,
    phase: FundingPhase[`FUNDING_PHASE_${project.phase!}`],
    closeTime: project.closeTime!,
    goal: money(project.currency!, project.goalMinor!),
    raised: money(project.currency!, raisedMinor),
    pledgeCount,
    percent: percentOf(raisedMinor, project.goalMinor!),
    charged: money(project.currency!, sums.chargedMinor),
    paidCount: sums.paidCount,
    chargingCount: sums.chargingCount,
    dropped: money(project.currency!, sums.droppedMinor),
    droppedCount: sums.droppedCount,
  };
}

/** Of a project that has ended. */
export function outcomeToProto(project: ProjectCopy, sums: PledgeSums = NO_PLEDGES, settledNetMinor?: bigint): FundingOutcome {
  const { raisedMinor, pledgeCount } = frozen(project, sums);
  return {
    projectId: project.id,
    title: project.title!,
    outcome: FundingPhase[`FUNDING_PHASE_${project.phase!}`],
    endTime: project.endTime!,
    goal: money(project.currency!, project.goalMinor!),
    raised: money(project.currency!, raisedMinor),
    pledgeCount,
    charged: money(project.currency!, sums.chargedMinor),
    paidCount: sums.paidCount,
    dropped: money(project.currency!, sums.droppedMinor),
    droppedCount: sums.droppedCount,
    refunded: money(project.currency!, sums.refundedMinor),
    settledNet: settledNetMinor === undefined ? undefined : money(project.currency!, settledNetMinor),
  };
}

const frozen = (project: ProjectCopy, sums: PledgeSums) => ({
  raisedMinor: project.raisedMinor ?? sums.raisedMinor,
  pledgeCount: project.pledgeCount ?? sums.pledgeCount,
});

export const settlementToProto = (settlement: ShownSettlement): SettlementSummary => ({
  settlementId: settlement.id,
  projectId: settlement.projectId ?? '',
  projectTitle: settlement.projectTitle,
  state: SettlementSummary_State[`STATE_${settlementStateOf(settlement)}`],
  net: money(settlement.currency, settlement.netMinor),
  paid: money(settlement.currency, settlement.paidMinor),
  createTime: settlement.createTime,
  payTime: settlement.payTime ?? undefined,
  periodStart: settlement.periodStart ?? undefined,
  periodEnd: settlement.periodEnd ?? undefined,
});
