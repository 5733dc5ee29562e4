// Campaigns, and what their terms must satisfy.
import { type FieldViolation, invalid } from '@moa/kit';
import { fail } from '../errors.js';
import type { Terms } from './rules.js';

export interface CampaignPlan extends Terms {
  readonly name: string;
  readonly issueStartTime: Date;
  readonly issueEndTime: Date | null;
  readonly validUntil: Date | null;
  readonly validDays: number | null;
  readonly totalLimit: bigint;
  readonly limitPerUser: number;
  readonly codeKind: 'NONE' | 'SHARED' | 'UNIQUE';
  readonly sharedCode: string | null;
  readonly claimable: boolean;
  readonly welcome: boolean;
  readonly budgetMinor: bigint;
  readonly returnedOnRefund: boolean;
}

export interface Campaign extends CampaignPlan {
  readonly id: string;
  readonly state: 'ACTIVE' | 'PAUSED' | 'ENDED';
  readonly issuedCount: bigint;
  readonly spentMinor: bigint;
  readonly version: bigint;
  readonly createTime: Date;
}

/** A code as it is compared: upper case, without spaces and hyphens. */
export const normalCode = (code: string): string => code.replace(/[\s-]/g, '').toUpperCase();

/** Throws INVALID_ARGUMENT with every field at fault. */
export function checkPlan(plan: CampaignPlan, at: Date): CampaignPlan {
  const wrong: FieldViolation[] = [];
  const expect = (holds: boolean, field: string, description: string) => {
    if (!holds) wrong.push({ field: `terms.${field}`, description });
  };
  const { issueStartTime, issueEndTime, validUntil, codeKind, sharedCode } = plan;
  expect(
    plan.payer !== 'SELLER' || plan.sellerIds.length + plan.itemIds.length > 0,
    'scope',
    'a seller pays only for named sellers or items',
  );
  expect(issueEndTime === null || issueEndTime > issueStartTime, 'issue_end_time', 'is not after its start');
  expect(issueEndTime === null || issueEndTime > at, 'issue_end_time', 'is over already');
  expect(validUntil === null || validUntil > issueStartTime, 'validity.until', 'is not after the first coupon is given out');
  expect(validUntil === null || validUntil > at, 'validity.until', 'is over already');
  expect((codeKind === 'SHARED') === (sharedCode !== null), 'shared_code', 'stands with CODE_KIND_SHARED, and only there');
  expect(!plan.claimable || plan.totalLimit > 0n, 'total_limit', 'is needed where anybody may claim one');
  expect(!plan.claimable || codeKind === 'NONE', 'code_kind', 'what anybody may claim needs no code');
  expect(!plan.welcome || codeKind === 'NONE', 'code_kind', 'what comes by itself needs no code');
  expect(
    plan.fixedMinor === null || plan.minimumSpendMinor === 0n || plan.minimumSpendMinor >= plan.fixedMinor,
    'minimum_spend_minor',
    'is less than what is taken off',
  );
  if (wrong.length > 0) throw invalid(wrong);
  return plan;
}

export interface Widening {
  readonly name: string;
  readonly totalLimit: bigint;
  readonly budgetMinor: bigint;
  readonly issueEndTime: Date | undefined;
}

/** The campaign with wider limits; empty and 0 stay as they are. Throws CAMPAIGN_NOT_NARROWED, CAMPAIGN_ENDED. */
export function widened(campaign: Campaign, { name, totalLimit, budgetMinor, issueEndTime }: Widening): Campaign {
  if (campaign.state === 'ENDED') throw fail('CAMPAIGN_ENDED');
  const narrower = (next: bigint, now: bigint) => next !== 0n && (now === 0n || next < now);
  const endsEarlier = issueEndTime !== undefined && (campaign.issueEndTime === null || issueEndTime < campaign.issueEndTime);
  if (narrower(totalLimit, campaign.totalLimit) || narrower(budgetMinor, campaign.budgetMinor) || endsEarlier)
    throw fail('CAMPAIGN_NOT_NARROWED');
  return {
    ...campaign,
    name: name || campaign.name,
    totalLimit: totalLimit || campaign.totalLimit,
    budgetMinor: budgetMinor || campaign.budgetMinor,
    issueEndTime: issueEndTime ?? campaign.issueEndTime,
  };
}

/** Throws CAMPAIGN_ENDED for one that has ended. The same again is no change. */
export function moved(campaign: Campaign, state: Campaign['state']): Campaign {
  if (campaign.state === 'ENDED' && state !== 'ENDED') throw fail('CAMPAIGN_ENDED');
  return { ...campaign, state };
}
