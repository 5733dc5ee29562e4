// Who takes part and what each means to do: decided by the seed before anything happens.

import { type Behaviour, testCard } from '@moa/sandbox-provider';
import type { BehaviourData, ProjectData, StoryData } from './data.js';
import type { Random } from './random.js';

export interface WantedPledge {
  readonly project: ProjectData;
  readonly lines: readonly { readonly reward: number; readonly quantity: number }[];
  /** In won, on top. */
  readonly extra: number;
}

export interface Backer {
  readonly nth: number;
  readonly name: string;
  readonly street: string;
  readonly interests: readonly string[];
  readonly behaviour: BehaviourData;
  readonly cardNumber: string;
  readonly pledges: readonly WantedPledge[];
}

const MAX_EXTRA = 10_000;
const EXTRA_STEP = 1_000;

export function castBackers(story: StoryData, count: number, random: Random): Backer[] {
  const behaviours = random.shuffle(dealOut(story.behaviours, count));
  const categories = story.projects.map((project) => project.category);
  const rush = story.projects.filter((project) => project.rewards.some((reward) => reward.lastMinuteRush));
  return behaviours.map((behaviour, nth) => {
    const rushes = behaviour.name === 'last-minute-rush';
    const wanted = rushes ? rush : story.projects;
    const first = random.pickWeighted(wanted, (project) => project.popularity);
    const others = wanted.filter((project) => project !== first);
    const projects = behaviour.name === 'two-pledges' ? [first, random.pickWeighted(others, (project) => project.popularity)] : [first];
    return {
      nth,
      name: random.pick(story.names.surnames) + random.pick(story.names.givenNames),
      street: `${random.pick(story.names.streets)} ${random.whole(1, 300)}`,
      interests: [...new Set([first.category, random.pick(categories)])],
      behaviour,
      cardNumber: testCard((behaviour.card?.kind ?? 'PLAIN') as Behaviour['kind'], behaviour.card?.parameter),
      pledges: projects.map((project) => (rushes ? rushPledge(project) : plainPledge(project, random))),
    };
  });
}

/** As many of each behaviour as its share says; what rounding leaves goes to the first. */
function dealOut(behaviours: readonly BehaviourData[], count: number): BehaviourData[] {
  const dealt = behaviours.flatMap((behaviour) => Array<BehaviourData>(Math.round(behaviour.share * count)).fill(behaviour));
  const filler = behaviours[0] as BehaviourData;
  return [...dealt, ...Array<BehaviourData>(Math.max(0, count - dealt.length)).fill(filler)].slice(-count);
}

/** Cheap rewards are wanted more often; the last-minute reward is not open yet. */
function plainPledge(project: ProjectData, random: Random): WantedPledge {
  const open = project.rewards.filter((reward) => !reward.lastMinuteRush);
  const reward = random.pickWeighted(open, (of) => 1 / Math.sqrt(of.price));
  const quantity = reward.limitPerBacker !== 1 && random.next() < 0.15 ? 2 : 1;
  const extra = random.next() < 0.2 ? random.whole(1, MAX_EXTRA / EXTRA_STEP) * EXTRA_STEP : 0;
  return { project, lines: [{ reward: project.rewards.indexOf(reward), quantity }], extra };
}

function rushPledge(project: ProjectData): WantedPledge {
  return { project, lines: [{ reward: project.rewards.findIndex((reward) => reward.lastMinuteRush), quantity: 1 }], extra: 0 };
}
