// What the story must come to: worked out from who takes part and what each wants, before and beside whatever the house does.
import type { Backer, WantedPledge } from './cast.js';
import { goalOf, MORE_ON_CHANGE, secondChoice } from './chapters/plans.js';
import type { ProjectData } from './data.js';

export interface Expectation {
  readonly projects: readonly ExpectedProject[];
  /** Rewards that more people want on the first day than there are: what comes of these projects is up to the race. */
  readonly contended: number;
}

export interface ExpectedProject {
  readonly data: ProjectData;
  readonly succeeds: boolean;
  readonly isUpToTheRace: boolean;
  readonly raised: number;
  readonly pledges: readonly ExpectedPledge[];
}

export interface ExpectedPledge {
  readonly total: number;
  readonly ends: 'PAID' | 'DROPPED' | 'RELEASED';
}

const costOf = ({ project, lines, extra }: WantedPledge) =>
  lines.reduce((sum, { reward, quantity }) => sum + project.rewards[reward]!.price * quantity, extra);

export function expectationOf(backers: readonly Backer[], projects: readonly ProjectData[], scale: number): Expectation {
  const wanted = backers.flatMap((backer) => backer.pledges.map((pledge) => ({ backer, pledge })));
  const expected = projects.map((data) => {
    const here = wanted.filter(({ pledge }) => pledge.project === data);
    const isUpToTheRace = data.rewards.some(({ stock, lastMinuteRush }, n) => {
      const pieces = here.flatMap(({ pledge }) => pledge.lines.filter(({ reward }) => reward === n));
      return stock !== undefined && !lastMinuteRush && pieces.reduce((sum, { quantity }) => sum + quantity, 0) > stock;
    });
    // Whoever is too late for it takes the second choice: who that is makes no difference, since all of them pay by a good card.
    let rushed = 0;
    const held = here
      .filter(({ backer }) => backer.behaviour.name !== 'cancels')
      .map(({ backer, pledge }) => {
        if (backer.behaviour.name === 'changes')
          return { backer, total: costOf(secondChoice({ ...pledge, extra: pledge.extra + MORE_ON_CHANGE })) };
        const [line] = pledge.lines;
        const { lastMinuteRush, stock = 0 } = data.rewards[line!.reward]!;
        if (!lastMinuteRush) return { backer, total: costOf(pledge) };
        rushed += 1;
        return { backer, total: costOf(rushed > stock ? secondChoice(pledge) : pledge) };
      });
    const raised = held.reduce((sum, { total }) => sum + total, 0);
    const succeeds = raised >= goalOf(data, scale) || (data.kind === 'KEEP_WHAT_YOU_RAISE' && raised > 0);
    const pledges = held.map(({ backer, total }): ExpectedPledge => {
      const isDropped = backer.behaviour.name === 'declined';
      return { total, ends: succeeds ? (isDropped ? 'DROPPED' : 'PAID') : 'RELEASED' };
    });
    return { data, succeeds, isUpToTheRace, raised, pledges };
  });
  return { projects: expected, contended: expected.filter((project) => project.isUpToTheRace).length };
}
