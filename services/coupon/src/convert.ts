// Domain <-> contract.
import * as proto from '@moa/contracts/coupon/v1/coupon';
import type { CampaignStats, ClaimableCampaign, CouponForMyPage } from '@moa/contracts/coupon/v1/coupon_service';
import type { Money } from '@moa/contracts/type/v1/money';
import { enumName } from '@moa/kit';
import { type Campaign, type CampaignPlan, normalCode } from './domain/campaign.js';
import type { Coupon } from './domain/coupon.js';
import type { Basket, Flow, Quote, Terms } from './domain/rules.js';
import type { Counts } from './store/campaigns.js';
import type { IssueJob } from './store/issue.js';

const money = (currencyCode: string, amountMinor: bigint): Money => ({ currencyCode, amountMinor });

export function planOf({ discount, scope, validity, ...terms }: proto.CampaignTerms, at: Date): CampaignPlan {
  const { kind } = discount!;
  const percent = kind?.$case === 'percent' ? kind.value : undefined;
  return {
    name: terms.name,
    fixedMinor: kind?.$case === 'fixedMinor' ? kind.value : null,
    percentBasisPoints: percent?.basisPoints ?? null,
    capMinor: percent?.capMinor ?? 0n,
    minimumSpendMinor: terms.minimumSpendMinor,
    flow: flowOf(scope!.flow) ?? null,
    categories: scope!.categories,
    sellerIds: scope!.sellerIds,
    itemIds: scope!.itemIds,
    payer: enumName(proto.Payer, terms.payer, 'PAYER_')!,
    issueStartTime: terms.issueStartTime ?? at,
    issueEndTime: terms.issueEndTime ?? null,
    validUntil: validity!.kind?.$case === 'until' ? validity!.kind.value : null,
    validDays: validity!.kind?.$case === 'days' ? validity!.kind.value : null,
    totalLimit: BigInt(terms.totalLimit),
    limitPerUser: terms.limitPerUser,
    stackable: terms.stackable,
    codeKind: enumName(proto.CampaignTerms_CodeKind, terms.codeKind, 'CODE_KIND_')!,
    sharedCode: terms.sharedCode === '' ? null : normalCode(terms.sharedCode),
    claimable: terms.claimable,
    welcome: terms.welcome,
    budgetMinor: terms.budgetMinor,
    returnedOnRefund: terms.returnedOnRefund,
    currency: terms.currencyCode,
  };
}

export const campaignToProto = (campaign: Campaign): proto.Campaign => ({
  id: campaign.id,
  state: proto.Campaign_State[`STATE_${campaign.state}`],
  terms: {
    name: campaign.name,
    discount: discountToProto(campaign),
    minimumSpendMinor: campaign.minimumSpendMinor,
    scope: scopeToProto(campaign),
    payer: proto.Payer[`PAYER_${campaign.payer}`],
    issueStartTime: campaign.issueStartTime,
    issueEndTime: campaign.issueEndTime ?? undefined,
    validity: {
      kind: campaign.validUntil ? { $case: 'until', value: campaign.validUntil } : { $case: 'days', value: campaign.validDays! },
    },
    totalLimit: Number(campaign.totalLimit),
    limitPerUser: campaign.limitPerUser,
    stackable: campaign.stackable,
    codeKind: proto.CampaignTerms_CodeKind[`CODE_KIND_${campaign.codeKind}`],
    sharedCode: campaign.sharedCode ?? '',
    claimable: campaign.claimable,
    welcome: campaign.welcome,
    budgetMinor: campaign.budgetMinor,
    returnedOnRefund: campaign.returnedOnRefund,
    currencyCode: campaign.currency,
  },
  createTime: campaign.createTime,
  issuedCount: campaign.issuedCount,
  spent: money(campaign.currency, campaign.spentMinor),
});

export const claimableToProto = (campaign: Campaign): ClaimableCampaign => ({
  id: campaign.id,
  name: campaign.name,
  discount: discountToProto(campaign),
  minimumSpendMinor: campaign.minimumSpendMinor,
  scope: scopeToProto(campaign),
  currencyCode: campaign.currency,
  issueEndTime: campaign.issueEndTime ?? undefined,
  leftCount: Number(campaign.totalLimit - campaign.issuedCount),
});

export const jobToProto = (job: IssueJob): proto.IssueJob => ({
  id: job.id,
  campaignId: job.campaignId,
  kind: proto.IssueJob_Kind[`KIND_${job.kind}`],
  state: proto.IssueJob_State[`STATE_${job.state}`],
  totalCount: job.totalCount,
  doneCount: job.doneCount,
  skippedCount: job.skippedCount,
  stopReason: job.stopReason,
  createTime: job.createTime,
  endTime: job.endTime ?? undefined,
});

const discountToProto = ({ fixedMinor, percentBasisPoints, capMinor }: Terms): proto.Discount => ({
  kind:
    fixedMinor !== null
      ? { $case: 'fixedMinor', value: fixedMinor }
      : { $case: 'percent', value: { basisPoints: percentBasisPoints!, capMinor } },
});

const scopeToProto = ({ flow, categories, sellerIds, itemIds }: Terms): proto.Scope => ({
  flow: flow === null ? proto.Flow.FLOW_UNSPECIFIED : proto.Flow[`FLOW_${flow}`],
  categories: [...categories],
  sellerIds: [...sellerIds],
  itemIds: [...itemIds],
});

export const couponToProto = ({ campaign, ...coupon }: Coupon): proto.Coupon => ({
  id: coupon.id,
  campaignId: coupon.campaignId,
  ownerId: coupon.ownerId,
  state: proto.Coupon_State[`STATE_${coupon.state}`],
  name: campaign.name,
  discount: discountToProto(campaign),
  minimumSpendMinor: campaign.minimumSpendMinor,
  scope: scopeToProto(campaign),
  stackable: campaign.stackable,
  currencyCode: campaign.currency,
  issueTime: coupon.issueTime,
  expireTime: coupon.expireTime,
  holderId: coupon.holderId ?? '',
  discounted: money(campaign.currency, coupon.discountMinor),
  source: proto.Coupon_Source[`SOURCE_${coupon.source}`],
  useTime: coupon.useTime ?? undefined,
});

export const couponForMyPage = ({ campaign, ...coupon }: Coupon): CouponForMyPage => ({
  id: coupon.id,
  ownerId: coupon.ownerId,
  campaignId: coupon.campaignId,
  name: campaign.name,
  state: proto.Coupon_State[`STATE_${coupon.state}`],
  issueTime: coupon.issueTime,
  expireTime: coupon.expireTime,
  version: coupon.version,
});

const flowOf = (flow: proto.Flow): Flow | undefined => enumName(proto.Flow, flow, 'FLOW_');

interface AskedBasket {
  readonly flow: proto.Flow;
  readonly currencyCode: string;
  readonly lines: readonly proto.DiscountableLine[];
}

export const basketOf = ({ flow, currencyCode, lines }: AskedBasket): Basket => ({ flow: flowOf(flow)!, currency: currencyCode, lines });

export const quoteToProto = (quote: Quote, currency: string): proto.Quote => ({
  coupons: quote.coupons.map(({ couponId, outcome, discountMinor, missingMinor }) => ({
    couponId,
    outcome: proto.CouponOutcome_Outcome[`OUTCOME_${outcome}`],
    discount: money(currency, discountMinor),
    missingMinor,
  })),
  discounts: quote.discounts.map(({ payer, ...discount }) => ({ ...discount, payer: proto.Payer[`PAYER_${payer}`] })),
  discount: money(currency, quote.discountMinor),
  total: money(currency, quote.totalMinor),
});

export function statsToProto(
  campaign: Campaign,
  counts: readonly Counts[],
  codes: { codeCount: bigint; redeemedCount: bigint },
): CampaignStats {
  const sum = (of: (row: Counts) => bigint) => counts.reduce((total, row) => total + of(row), 0n);
  const countOf = (state: string) => sum((row) => (row.state === state ? row.count : 0n));
  const discountOf = (state: string) =>
    money(
      campaign.currency,
      sum((row) => (row.state === state ? row.discountMinor : 0n)),
    );
  const sources = [...new Set(counts.map(({ source }) => source))] as Coupon['source'][];
  return {
    campaignId: campaign.id,
    issuedCount: sum(({ count }) => count),
    usableCount: countOf('ISSUED'),
    reservedCount: countOf('RESERVED'),
    usedCount: countOf('USED'),
    expiredCount: countOf('EXPIRED'),
    revokedCount: countOf('REVOKED'),
    discounted: discountOf('USED'),
    reserved: discountOf('RESERVED'),
    ...codes,
    sources: sources.map((source) => ({
      source: proto.Coupon_Source[`SOURCE_${source}`],
      count: sum((row) => (row.source === source ? row.count : 0n)),
    })),
  };
}
