// Pledges: the crowd of the first day, second thoughts a few days later, and the rush of the last hour.

import { randomUUID } from 'node:crypto';
import type { Address, PledgeLine } from '@moa/contracts/funding/v1/pledge';
import { atOnce } from '../at-once.js';
import type { Backer, WantedPledge } from '../cast.js';
import { krw } from '../money.js';
import { reasonOf } from '../people.js';
import type { Stage } from '../stage.js';
import type { Guest } from './backers.js';
import { MORE_ON_CHANGE, secondChoice } from './plans.js';
import type { LiveProject } from './projects.js';

const CROWD = 64;
/** Every so many backers tap twice: the same request, side by side. */
const TAPS_TWICE_EVERY = 7;

export interface MadePledge {
  readonly guest: Guest;
  readonly project: LiveProject;
  readonly id: string;
  readonly extra: number;
}

export interface Crowd {
  readonly made: readonly MadePledge[];
  readonly soldOut: number;
  readonly tappedTwice: number;
}

/** Everybody who does not wait for the last hour. */
export function pledgeOnFirstDay(stage: Stage, guests: readonly Guest[], projects: readonly LiveProject[]): Promise<Crowd> {
  return pledgeAll(
    stage,
    guests.filter(({ backer }) => !rushes(backer)),
    projects,
  );
}

export function rushForTheLast(stage: Stage, guests: readonly Guest[], projects: readonly LiveProject[]): Promise<Crowd> {
  return pledgeAll(
    stage,
    guests.filter(({ backer }) => rushes(backer)),
    projects,
  );
}

async function pledgeAll(stage: Stage, guests: readonly Guest[], projects: readonly LiveProject[]): Promise<Crowd> {
  const wanted = guests.flatMap((guest) => guest.backer.pledges.map((pledge) => ({ guest, pledge })));
  const crowd = { made: [] as MadePledge[], soldOut: 0, tappedTwice: 0 };
  await atOnce(CROWD, wanted, async ({ guest, pledge }) => {
    const project = projects.find(({ data }) => data === pledge.project) as LiveProject;
    const twice = guest.backer.nth % TAPS_TWICE_EVERY === 0;
    crowd.tappedTwice += Number(twice);
    const first = await tryToPledge(stage, guest, project, pledge, twice);
    crowd.soldOut += Number(first === undefined);
    const id = first ?? (await tryToPledge(stage, guest, project, secondChoice(pledge), false));
    if (id !== undefined) crowd.made.push({ guest, project, id, extra: pledge.extra });
  });
  return crowd;
}

/** The pledge's id, or none when the reward was sold out. */
async function tryToPledge(
  stage: Stage,
  guest: Guest,
  project: LiveProject,
  wanted: WantedPledge,
  twice: boolean,
): Promise<string | undefined> {
  const service = guest.person.moa.pledges;
  const request = {
    requestId: randomUUID(),
    projectId: project.id,
    lines: linesOf(project, wanted),
    ...(wanted.extra > 0 ? { extra: krw(wanted.extra) } : {}),
    billingMethodId: guest.billingMethodId,
    address: addressOf(guest.backer),
  };
  // Funding hears of a card by event, a moment after it was registered.
  const send = () => stage.whileRefused('BILLING_METHOD_UNKNOWN', () => service.createPledge(request));
  try {
    const answers = await Promise.all(twice ? [send(), send()] : [send()]);
    const ids = new Set(answers.map(({ pledge }) => pledge?.id ?? ''));
    if (ids.size !== 1) throw new Error('one request made two pledges');
    return [...ids][0];
  } catch (error) {
    if (reasonOf(error) === 'REWARD_SOLD_OUT') return undefined;
    throw error;
  }
}

/** A few days later some cancel, and some want something else. */
export async function thinkAgain(made: readonly MadePledge[]): Promise<{ canceled: number; changed: number }> {
  const counts = { canceled: 0, changed: 0 };
  await atOnce(CROWD, made, async ({ guest, project, id, extra }) => {
    const service = guest.person.moa.pledges;
    if (guest.backer.behaviour.name === 'cancels') {
      await service.cancelPledge({ id });
      counts.canceled += 1;
    }
    if (guest.backer.behaviour.name === 'changes') {
      const other = secondChoice({ project: project.data, lines: [], extra: extra + MORE_ON_CHANGE });
      await service.changePledge({ id, lines: linesOf(project, other), extra: krw(other.extra) });
      counts.changed += 1;
    }
  });
  return counts;
}

const rushes = (backer: Backer) => backer.behaviour.name === 'last-minute-rush';

const linesOf = (project: LiveProject, { lines }: WantedPledge): PledgeLine[] =>
  lines.map(({ reward, quantity }) => ({ rewardId: project.rewardIds[reward] as string, quantity }));

function addressOf({ name, street, nth }: Backer): Address {
  return { recipient: name, phone: '010-0000-0000', postalCode: String(10_000 + nth).slice(-5), line1: street, line2: '' };
}
