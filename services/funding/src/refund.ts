// What payment has given back, told by its answer or by its event, whichever comes first.
import { PledgePaid, PledgePartlyRefunded, PledgeRefunded } from '@moa/contracts/funding/v1/funding_events';
import { emit, type Origin } from '@moa/kit';
import { money, pledgeEvent } from './convert.js';
import { paid, refunded } from './domain/pledge.js';
import { lockPledge, saveChargeStep } from './store/charges.js';
import type { Queries } from './store/database.js';

/** So much of the pledge has been given back by now. */
export async function takeRefund(tx: Queries, origin: Origin, pledgeId: string, soFarMinor: bigint): Promise<void> {
  const locked = await lockPledge(tx, pledgeId);
  if (!locked) return;
  // That a part went back may be told before that all of it came.
  const came = soFarMinor < locked.chargeMinor ? paid(locked) : undefined;
  const pledge = came ? await saveChargeStep(tx, locked, came) : locked;
  if (came) await emit(tx, origin, PledgePaid, pledgeEvent(pledge), { version: pledge.version });
  const step = refunded(pledge, soFarMinor);
  if (!step) return;
  const { version, state } = await saveChargeStep(tx, pledge, step);
  if (state === 'REFUNDED') return emit(tx, origin, PledgeRefunded, pledgeEvent(pledge), { version });
  await emit(tx, origin, PledgePartlyRefunded, { ...pledgeEvent(pledge), refunded: money(pledge.currency, soFarMinor) }, { version });
}
