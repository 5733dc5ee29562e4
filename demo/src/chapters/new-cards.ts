// Some who were told that their card was refused come back with another.

import { Pledge_State } from '@moa/contracts/funding/v1/pledge';
import { testCard } from '@moa/sandbox-provider';
import { atOnce } from '../at-once.js';
import type { Stage } from '../stage.js';
import { leaveCard } from './backers.js';
import type { MadePledge } from './pledging.js';

const CROWD = 8;

export async function bringNewCards(stage: Stage, made: readonly MadePledge[]): Promise<number> {
  const told = made.filter(({ guest }) => guest.backer.behaviour.name === 'new-card');
  const changed = await atOnce(CROWD, told, async ({ guest: { person }, id }) => {
    const { pledge } = await person.moa.pledges.getPledge({ id });
    // Its project may have missed its goal.
    if (pledge?.state !== Pledge_State.STATE_PAYMENT_FAILED) return 0;
    const billingMethodId = await leaveCard(stage, person, testCard('PLAIN'));
    const change = { id, lines: pledge.lines, ...(pledge.extra ? { extra: pledge.extra } : {}), billingMethodId };
    await stage.whileRefused('BILLING_METHOD_UNKNOWN', () => person.moa.pledges.changePledge(change));
    return 1;
  });
  return changed.reduce<number>((sum, one) => sum + one, 0);
}
