// What follows from the data alone.
import type { WantedPledge } from '../cast.js';
import type { ProjectData } from '../data.js';

const GOAL_STEP = 10_000;
/** In won, for who changes a pledge. */
export const MORE_ON_CHANGE = 5_000;

/** With fewer backers goals are smaller, so that the same projects make it. */
export const goalOf = ({ goal }: ProjectData, scale: number): number =>
  Math.max(GOAL_STEP, Math.round((goal * scale) / GOAL_STEP) * GOAL_STEP);

/** The cheapest reward that does not run out. */
export function secondChoice({ project, extra }: WantedPledge): WantedPledge {
  const endless = project.rewards.filter((reward) => reward.stock === undefined);
  const cheapest = endless.reduce((best, reward) => (reward.price < best.price ? reward : best));
  return { project, lines: [{ reward: project.rewards.indexOf(cheapest), quantity: 1 }], extra };
}
