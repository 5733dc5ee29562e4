// Backers, sellers, admins and a bank, as they call the services: patient, and with the same request until there is an answer.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Project_Kind } from '@moa/contracts/funding/v1/project';
import { testCard } from '@moa/sandbox-provider';
import type { Testbed } from '@moa/testkit';
import { reasonOf, until } from '@moa/testkit';
import type { Names } from './books.js';
import type { Done, Outcome } from './explanations.js';
import type { Action, Card, Wants } from './model.js';
import { BACKERS, type ProjectPlan } from './operations.js';
import type { Stand } from './stand.js';

const HOUR_MS = 3_600_000;
const TRIES = 40;
const PAUSE_MS = 150;
const [DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED, UNAVAILABLE] = [4, 8, 10, 14];
/** No answer yet: the same request again tells. */
const NO_ANSWER: ReadonlySet<number> = new Set([DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED, UNAVAILABLE]);
const ADDRESS = { recipient: '김모아', phone: '010-1234-5678', postalCode: '04524', line1: '서울시 중구 세종대로 110', line2: '' };

const won = (amount: number) => ({ currencyCode: 'KRW', amountMinor: BigInt(amount) });

type Metadata = Awaited<ReturnType<Testbed['as']>>;
type Call<R> = (request: { requestId: string }, token: Metadata) => Promise<R>;

/** People of one run, and its projects, which are open. */
export async function openCrowd(stand: Stand, plans: readonly ProjectPlan[], beginning: Date) {
  const backers = Array.from({ length: BACKERS }, () => randomUUID());
  const [sellerId, adminId] = [randomUUID(), randomUUID()];
  const cards = new Map<Card, string>();
  const pledges = new Map<string, string>();
  // Made anew each time: time passes.
  const as = (bed: Testbed) => ({
    seller: () => bed.as(sellerId, 'SELLER'),
    admin: () => bed.as(adminId, 'ADMIN'),
    backer: (n: number) => bed.as(backers[n]!),
  });
  const { seller, admin, backer } = as(stand.bed);
  const projects = await Promise.all(plans.map(open));
  const names: Names = { projects, pledges };

  async function open(plan: ProjectPlan) {
    const { project } = await stand.projects.createProject(
      {
        requestId: randomUUID(),
        project: {
          title: '달빛 조명',
          summary: '',
          story: '',
          category: 'design',
          imageUrls: [],
          kind: plan.keeps ? Project_Kind.KIND_KEEP_WHAT_YOU_RAISE : Project_Kind.KIND_ALL_OR_NOTHING,
          goal: won(plan.goal),
          startTime: beginning,
          closeTime: new Date(beginning.getTime() + (plan.closeHour + 0.5) * HOUR_MS),
        },
        rewards: plan.rewards.map(({ price, stock, limit }) => ({
          title: '조명',
          description: '',
          price: won(price),
          stock: stock ?? undefined,
          limitPerBacker: limit,
          deliveryMonth: '2030-03',
          ships: true,
          addOn: false,
        })),
      },
      await seller(),
    );
    const { id, rewards } = project!;
    await stand.projects.submitProject({ requestId: randomUUID(), id }, await seller());
    const retryPolicy = { retries: plan.retries, intervalHours: 24 };
    await stand.projects.reviewProject(
      { requestId: randomUUID(), id, decision: { $case: 'approve', value: { retryPolicy } } },
      await admin(),
    );
    await until(async () => (await stand.sql('funding', `SELECT FROM project WHERE id = $1 AND state = 'LIVE'`, id)).length === 1);
    return { id, rewardIds: rewards.map((reward) => reward.id) };
  }

  /** Registers the card, and waits until funding has heard of it. */
  async function bring(card: Card, backerOf: number): Promise<void> {
    const cardNumber = testCard(card.kind as 'PLAIN', card.parameter);
    const request = { cardNumber, expiryMonth: 12, expiryYear: 2099, authKey: '', ownerNumber: '' };
    const { billingMethod } = await insist(
      (given, token) => stand.payments.registerBillingMethod({ ...given, ...request }, token),
      () => backer(backerOf),
    );
    cards.set(card, billingMethod!.id);
    await until(async () => (await stand.sql('funding', 'SELECT FROM billing_method WHERE id = $1', billingMethod!.id)).length === 1);
  }

  async function perform(action: Action, backerOf: number, twice: boolean): Promise<Done> {
    if (action.does === 'chargeback') return { action, outcome: await chargeBack(action.pledge) };
    const { call, token } = callOf(action, backerOf);
    const requestId = randomUUID();
    const answers = await Promise.allSettled(Array.from({ length: twice ? 2 : 1 }, () => insist(call, token, requestId)));
    const ids = new Set(answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : [])));
    if (ids.size > 1) throw new Error(`one request was answered with ${[...ids].join(' and ')}`);
    for (const id of ids) if (action.does === 'pledge') pledges.set(action.key, id);
    return { action, outcome: ids.size > 0 ? { done: true } : refusalIn(answers[0] as PromiseRejectedResult) };
  }

  /** The call, which answers with the id of what it was about. */
  function callOf(
    action: Exclude<Action, { does: 'chargeback' }>,
    backerOf: number,
  ): { call: Call<string>; token: () => Promise<Metadata> } {
    const own = () => backer(backerOf);
    switch (action.does) {
      case 'pledge': {
        const { id, rewardIds } = projects[action.project]!;
        const paid = { billingMethodId: cards.get(action.card)!, couponIds: [], pointsMinor: 0n };
        const order = { projectId: id, ...orderOf(rewardIds, action.wants), ...paid, address: ADDRESS };
        return { call: async (given, token) => (await stand.pledges.createPledge({ ...given, ...order }, token)).pledge!.id, token: own };
      }
      case 'change': {
        const id = pledges.get(action.pledge)!;
        const order = {
          id,
          ...orderOf(rewardsOf(action), action.wants),
          billingMethodId: action.card ? cards.get(action.card)! : '',
          address: undefined,
        };
        return { call: async (given, token) => (await stand.pledges.changePledge({ ...given, ...order }, token)).pledge!.id, token: own };
      }
      case 'cancel': {
        const id = pledges.get(action.pledge)!;
        return { call: async (given, token) => (await stand.pledges.cancelPledge({ ...given, id }, token)).pledge!.id, token: own };
      }
      case 'end': {
        const { id } = projects[action.project]!;
        return {
          call: async (given, token) =>
            (await stand.projects.cancelProject({ ...given, id, reason: '사정이 생겼습니다.' }, token)).project!.id,
          token: seller,
        };
      }
      case 'undo': {
        const { id } = projects[action.project]!;
        return {
          call: async (given, token) =>
            (await stand.projects.cancelFundedProject({ ...given, id, reason: '제작 불가' }, token)).project!.id,
          token: admin,
        };
      }
      case 'refund': {
        const request = { id: pledges.get(action.pledge)!, reason: '파손', amount: action.part === null ? undefined : won(action.part) };
        return {
          call: async (given, token) => (await stand.pledges.refundPledge({ ...given, ...request }, token)).pledge!.id,
          token: admin,
        };
      }
    }
  }

  // Of the pledge's project, which its place in the list tells.
  const placeOf = new Map<string, number>();
  const rewardsOf = ({ pledge }: { pledge: string }) => projects[placeOf.get(pledge)!]!.rewardIds;

  async function chargeBack(pledge: string): Promise<Outcome> {
    const [row] = await stand.sql<{ charge: string }>(
      'payment',
      `SELECT a.provider_charge_id AS charge FROM attempt a JOIN payment p ON p.id = a.payment_id WHERE p.pledge_id = $1 AND a.state IN ('SUCCEEDED', 'CANCELED')`,
      pledges.get(pledge),
    );
    if (!row) return { done: false, reason: 'charge_not_paid' };
    const answer = await stand.ask<{ error?: { code: string } }>(`/v1/charges/${row.charge}/chargeback`, {});
    return answer.status === 200 ? { done: true } : { done: false, reason: answer.body.error!.code };
  }

  return { names, bring, perform, belongs: (pledge: string, project: number) => void placeOf.set(pledge, project) };
}

const orderOf = (rewardIds: readonly string[], { lines, extra }: Wants) => ({
  lines: lines.flatMap((quantity, n) => (quantity > 0 ? [{ rewardId: rewardIds[n]!, quantity }] : [])),
  extra: extra > 0 ? won(extra) : undefined,
});

async function insist<R>(call: Call<R>, token: () => Promise<Metadata>, requestId: string = randomUUID()): Promise<R> {
  for (let tries = 1; ; tries++) {
    try {
      return await call({ requestId }, await token());
    } catch (error) {
      if (tries === TRIES || !NO_ANSWER.has((error as { code: number }).code)) throw error;
      await sleep(PAUSE_MS);
    }
  }
}

// A refusal has a reason; anything else is no answer that a model could explain.
function refusalIn({ reason: error }: PromiseRejectedResult): Outcome {
  const reason = reasonOf(error);
  if (reason === undefined) throw error;
  return { done: false, reason };
}
