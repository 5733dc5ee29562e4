// Projects are written, reviewed (one comes back for a word too many) and published.

import type { Moa } from '@moa/client/node';
import { Project_Kind, Project_State, type ProjectDraft, type RewardDraft } from '@moa/contracts/funding/v1/project';
import { atOnce } from '../at-once.js';
import type { ProjectData, RewardData } from '../data.js';
import { krw } from '../money.js';
import { ownWrite, type Person } from '../people.js';
import { DAY_MS } from '../stack.js';
import type { Stage } from '../stage.js';
import { goalOf } from './plans.js';

/** Projects open this long after the story begins: they are reviewed before. */
const UNTIL_START_MS = 3_600_000;

export interface LiveProject {
  readonly data: ProjectData;
  readonly id: string;
  readonly rewardIds: readonly string[];
  readonly closeTime: Date;
}

export async function publishProjects(
  stage: Stage,
  admin: Person,
  sellers: ReadonlyMap<string, Person>,
  projects: readonly ProjectData[],
  scale: number,
) {
  const startTime = new Date(stage.now().getTime() + UNTIL_START_MS);
  // Each seller writes one after the other.
  const bySeller = [...sellers].map(([key, person]) => ({ person, theirs: projects.filter(({ seller }) => seller === key) }));
  const published = await atOnce(bySeller.length, bySeller, async ({ person, theirs }) => {
    const done: LiveProject[] = [];
    for (const data of theirs) done.push(await publish(person.moa.projects, admin, data, startTime, scale, data === projects[0]));
    return done;
  });
  const live = published.flat();
  await stage.passTimeTo(startTime);
  await stage.until('every project is open', async () => {
    const states = await Promise.all(live.map(({ id }) => admin.moa.projects.getProject({ id })));
    return states.every(({ project }) => project?.state === Project_State.STATE_LIVE);
  });
  return live;
}

async function publish(
  seller: Moa['projects'],
  admin: Person,
  data: ProjectData,
  startTime: Date,
  scale: number,
  sentBackFirst: boolean,
): Promise<LiveProject> {
  const closeTime = new Date(startTime.getTime() + data.durationDays * DAY_MS);
  const rewards = data.rewards.map((reward) => rewardDraft(reward, closeTime));
  const { project } = await seller.createProject({ project: projectDraft(data, startTime, closeTime, scale), rewards });
  if (!project) throw new Error('no project came back');
  await seller.submitProject({ id: project.id });
  if (sentBackFirst) await sendBackOnce(seller, admin, project.id);
  await admin.moa.projects.reviewProject({ id: project.id, decision: { $case: 'approve', value: {} } });
  return { data, id: project.id, rewardIds: project.rewards.map(({ id }) => id), closeTime };
}

async function sendBackOnce(seller: Moa['projects'], admin: Person, id: string): Promise<void> {
  const reason = '요약에 쓰인 표현을 사실대로 다듬어 주세요.';
  await admin.moa.projects.reviewProject({ id, decision: { $case: 'reject', value: { reason } } });
  const { project } = await seller.getProject({ id });
  if (project?.rejectionReason !== reason) throw new Error('the seller does not see why the project came back');
  const summary = `${project.summary} (심사 의견을 반영했습니다)`;
  await ownWrite(
    () => seller.updateProject({ id, project: { summary }, updateMask: ['summary'], etag: project.etag }),
    async () => (await seller.getProject({ id })).project?.summary === summary,
  );
  await seller.submitProject({ id });
}

function projectDraft(data: ProjectData, startTime: Date, closeTime: Date, scale: number): ProjectDraft {
  const { title, summary, category, imageUrls } = data;
  return {
    title,
    summary,
    story: data.story.join('\n\n'),
    category,
    imageUrls: [...imageUrls],
    kind: Project_Kind[`KIND_${data.kind}`],
    goal: krw(goalOf(data, scale)),
    startTime,
    closeTime,
  };
}

function rewardDraft(
  { title, description, price, stock, limitPerBacker, deliveryMonths, ships }: RewardData,
  closeTime: Date,
): RewardDraft {
  const delivery = new Date(Date.UTC(closeTime.getUTCFullYear(), closeTime.getUTCMonth() + deliveryMonths));
  return {
    title,
    description,
    price: krw(price),
    stock,
    limitPerBacker,
    deliveryMonth: delivery.toISOString().slice(0, 7),
    ships,
    addOn: false,
  };
}
