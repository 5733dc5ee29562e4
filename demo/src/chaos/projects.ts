// The projects of one round: one that makes it, one that keeps what it raises, one that misses its goal, and one that its seller gives up.
import { Project_Kind, Project_State } from '@moa/contracts/funding/v1/project';
import { atOnce } from '../at-once.js';
import { krw } from '../money.js';
import type { Person } from '../people.js';
import { DAY_MS } from '../stack.js';
import type { Stage } from '../stage.js';

const OPEN_DAYS = 2;
const RETRIES = 2;
const LIMITED = { price: 10_000, stock: 12, limitPerBacker: 0 };
const ENDLESS = { price: 25_000, stock: undefined, limitPerBacker: 4 };
const PLANS = [
  { title: '이루어지는 프로젝트', kind: Project_Kind.KIND_ALL_OR_NOTHING, goal: 20_000 },
  { title: '모인 만큼 진행하는 프로젝트', kind: Project_Kind.KIND_KEEP_WHAT_YOU_RAISE, goal: 90_000_000 },
  { title: '목표에 닿지 못하는 프로젝트', kind: Project_Kind.KIND_ALL_OR_NOTHING, goal: 90_000_000 },
  { title: '판매자가 접는 프로젝트', kind: Project_Kind.KIND_ALL_OR_NOTHING, goal: 20_000 },
];

export interface OpenProject {
  readonly id: string;
  readonly rewards: readonly { readonly id: string; readonly price: number }[];
  readonly closeTime: Date;
  readonly seller: Person;
}

export async function openProjects(stage: Stage, admin: Person, sellers: readonly Person[]): Promise<OpenProject[]> {
  const startTime = stage.now();
  const closeTime = new Date(startTime.getTime() + OPEN_DAYS * DAY_MS);
  const deliveryMonth = String(closeTime.getUTCFullYear() + 1).concat('-06');
  const opened = await atOnce(PLANS.length, PLANS, async ({ title, kind, goal }) => {
    const seller = sellers[PLANS.findIndex((plan) => plan.title === title) % sellers.length]!;
    const { project } = await seller.moa.projects.createProject({
      project: { title, summary: '', story: '', category: '출판', imageUrls: [], kind, goal: krw(goal), startTime, closeTime },
      rewards: [LIMITED, ENDLESS].map(({ price, ...reward }) => ({
        ...reward,
        title: '리워드',
        price: krw(price),
        deliveryMonth,
        ships: true,
      })),
    });
    const { id, rewards } = project!;
    await seller.moa.projects.submitProject({ id });
    const retryPolicy = { retries: RETRIES, intervalHours: 24 };
    await admin.moa.projects.reviewProject({ id, decision: { $case: 'approve', value: { retryPolicy } } });
    return { id, closeTime, seller, rewards: rewards.map((reward) => ({ id: reward.id, price: Number(reward.price!.amountMinor) })) };
  });
  await stage.until('every project is open', async () => {
    const states = await Promise.all(opened.map(({ id }) => admin.moa.projects.getProject({ id })));
    return states.every(({ project }) => project?.state === Project_State.STATE_LIVE);
  });
  return opened;
}
