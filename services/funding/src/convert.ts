// Domain <-> contract.
import type { ProjectClosed } from '@moa/contracts/funding/v1/funding_events';
import * as proto from '@moa/contracts/funding/v1/pledge';
import * as protoProject from '@moa/contracts/funding/v1/project';
import type { WatchProjectResponse } from '@moa/contracts/funding/v1/project_service';
import type { Update as ProtoUpdate } from '@moa/contracts/funding/v1/update';
import type { Money } from '@moa/contracts/type/v1/money';
import { enumName } from '@moa/kit';
import type { RefundRequest } from './domain/fulfilment.js';
import { etagOf, type Reward } from './domain/plan.js';
import { chargeOf, discountOf, type Pledge, type RetryPolicy } from './domain/pledge.js';
import { isFrozen, type Kind, type Phase, type Project, percentOf, phaseOf, type Standing } from './domain/project.js';
import type { ShownUpdate } from './domain/update.js';

export const money = (currencyCode: string, amountMinor: bigint): Money => ({ currencyCode, amountMinor });

const HOUR_SECONDS = 3_600;

type WithRewards = Project & { readonly rewards: readonly Reward[] };

/** As everybody sees it. */
export function projectToProto(project: WithRewards, at: Date): protoProject.Project {
  const { id, sellerId, title, summary, category, imageUrls, currency, startTime, closeTime, rejectionReason, cancelReason, createTime } =
    project;
  return {
    id,
    sellerId,
    title,
    summary,
    story: project.story ?? '',
    category,
    imageUrls,
    kind: protoProject.Project_Kind[`KIND_${project.kind}`],
    goal: money(currency, project.goalMinor),
    startTime,
    closeTime,
    state: protoProject.Project_State[`STATE_${project.state}`],
    phase: protoProject.Project_Phase[`PHASE_${phaseOf(project, at)}`],
    progress: progressOf(project),
    rewards: project.rewards.map((reward) => rewardToProto(reward, currency)),
    latePledgesUntil: project.lateUntil ?? undefined,
    lateRaised: money(currency, project.lateRaisedMinor),
    rejectionReason,
    etag: etagOf(project),
    createTime,
    cancelReason,
    retryPolicy: undefined,
  };
}

/** As its seller and staff see it. */
export const ownProjectToProto = (project: WithRewards, at: Date): protoProject.Project => ({
  ...projectToProto(project, at),
  retryPolicy: { retries: project.chargeRetries, intervalHours: Math.round(project.chargeRetrySeconds / HOUR_SECONDS) },
});

/** How refused charges are tried again, as columns; undefined where nothing is said. */
export const retryPolicyOf = (policy: protoProject.RetryPolicy | undefined): RetryPolicy | undefined =>
  policy && { chargeRetries: policy.retries, chargeRetrySeconds: policy.intervalHours * HOUR_SECONDS };

const progressOf = (project: Pick<Project, 'currency' | 'goalMinor' | 'raisedMinor' | 'pledgeCount'>): protoProject.Progress => ({
  raised: money(project.currency, project.raisedMinor),
  pledgeCount: project.pledgeCount,
  percent: percentOf(project),
});

export const standingToProto = (standing: Standing, at: Date): WatchProjectResponse => ({
  progress: progressOf(standing),
  phase: protoProject.Project_Phase[`PHASE_${phaseOf(standing, at)}`],
  ended: isFrozen(standing),
});

export const updateToProto = ({ id, projectId, title, body, imageUrls, backersOnly, withheld, createTime }: ShownUpdate): ProtoUpdate => ({
  id,
  projectId,
  title,
  body,
  imageUrls: [...imageUrls],
  backersOnly,
  withheld,
  createTime,
});

export const rewardToProto = (reward: Reward, currency: string): protoProject.Reward => ({
  id: reward.id,
  title: reward.title,
  description: reward.description,
  price: money(currency, reward.priceMinor),
  stock: reward.stock ?? undefined,
  remaining: reward.remaining ?? undefined,
  limitPerBacker: reward.limitPerBacker,
  deliveryMonth: reward.deliveryMonth,
  ships: reward.ships,
  addOn: reward.addOn,
});

export const pledgeToProto = (pledge: Pledge): proto.Pledge => ({
  id: pledge.id,
  projectId: pledge.projectId,
  backerId: pledge.backerId,
  state: proto.Pledge_State[`STATE_${pledge.state}`],
  lines: [...pledge.lines],
  extra: money(pledge.currency, pledge.extraMinor),
  total: money(pledge.currency, pledge.totalMinor),
  billingMethodId: pledge.billingMethodId,
  address: pledge.address ?? undefined,
  chargeAttempts: pledge.chargeAttempts,
  nextChargeTime: pledge.nextChargeTime ?? undefined,
  createTime: pledge.createTime,
  refunded: money(pledge.currency, pledge.refundedMinor),
  shipment: shipmentOf(pledge),
  late: pledge.late,
  refundRequest: pledge.refundRequest && refundRequestToProto(pledge.refundRequest),
  couponIds: [...pledge.couponIds],
  discount: money(pledge.currency, discountOf(pledge)),
  pointsMinor: pledge.pointsMinor,
  charge: money(pledge.currency, chargeOf(pledge)),
});

const shipmentOf = ({ carrier, trackingNumber, shipTime, deliveryTime }: Pledge): proto.Shipment | undefined =>
  shipTime ? { carrier: carrier!, trackingNumber: trackingNumber!, shipTime, deliveryTime: deliveryTime ?? undefined } : undefined;

export const refundRequestToProto = ({ deciderId: _, state, decideTime, ...request }: RefundRequest): proto.RefundRequest => ({
  ...request,
  state: proto.RefundRequest_State[`STATE_${state}`],
  decideTime: decideTime ?? undefined,
});

/** What a seller said of a project, as columns. The draft has been checked by the rules of its contract. */
export const planOf = (draft: protoProject.ProjectDraft) => ({
  title: draft.title,
  summary: draft.summary,
  story: draft.story,
  category: draft.category,
  imageUrls: draft.imageUrls,
  kind: kindName(draft.kind),
  currency: draft.goal!.currencyCode,
  goalMinor: draft.goal!.amountMinor,
  startTime: draft.startTime!,
  closeTime: draft.closeTime!,
});

export const draftOf = (project: Project): protoProject.ProjectDraft => ({
  title: project.title,
  summary: project.summary,
  story: project.story ?? '',
  category: project.category,
  imageUrls: project.imageUrls,
  kind: protoProject.Project_Kind[`KIND_${project.kind}`],
  goal: money(project.currency, project.goalMinor),
  startTime: project.startTime,
  closeTime: project.closeTime,
});

/** What a seller said of a reward, as columns. */
export const rewardPlanOf = (draft: protoProject.RewardDraft) => ({
  title: draft.title,
  description: draft.description,
  priceMinor: draft.price!.amountMinor,
  stock: draft.stock ?? null,
  limitPerBacker: draft.limitPerBacker,
  deliveryMonth: draft.deliveryMonth,
  ships: draft.ships,
  addOn: draft.addOn,
});

export const rewardDraftOf = (reward: Reward, currency: string): protoProject.RewardDraft => ({
  title: reward.title,
  description: reward.description,
  price: money(currency, reward.priceMinor),
  stock: reward.stock ?? undefined,
  limitPerBacker: reward.limitPerBacker,
  deliveryMonth: reward.deliveryMonth,
  ships: reward.ships,
  addOn: reward.addOn,
});

export const priceOf = ({ price }: protoProject.RewardDraft) => ({ currency: price!.currencyCode, priceMinor: price!.amountMinor });

/** Undefined for PHASE_UNSPECIFIED: every public one. */
export const phaseName = (phase: protoProject.Project_Phase): Phase | undefined => enumName(protoProject.Project_Phase, phase, 'PHASE_');

const kindName = (kind: protoProject.Project_Kind): Kind => enumName(protoProject.Project_Kind, kind, 'KIND_')!;

/** What every event of a pledge says. */
export const pledgeEvent = (pledge: Pick<Pledge, 'id' | 'projectId' | 'backerId' | 'currency' | 'totalMinor'>) => ({
  pledgeId: pledge.id,
  projectId: pledge.projectId,
  backerId: pledge.backerId,
  total: money(pledge.currency, pledge.totalMinor),
});

/** What is told when a project has ended. */
export const projectClosed = (project: Project): ProjectClosed => ({
  projectId: project.id,
  sellerId: project.sellerId,
  outcome: protoProject.Project_State[`STATE_${project.state}`],
  raised: money(project.currency, project.raisedMinor),
  pledgeCount: project.pledgeCount,
});
