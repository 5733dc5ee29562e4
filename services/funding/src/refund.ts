// What payment has given back, told by its answer or by its event, whichever comes first.
import { PledgeRefunded } from '@moa/contracts/funding/v1/funding_events';
import { emit, type Origin } from '@moa/kit';
import { pledgeEvent } from './convert.js';
import { refunded } from './domain/pledge.js';
import { lockPledge, saveChargeStep } from './store/charges.js';
import type { Queries } from './store/database.js';

export async function takeRefund(tx: Queries, origin: Origin, pledgeId: string): Promise<void> {
  const pledge = await lockPledge(tx, pledgeId);
  const step = pledge && refunded(pledge);
  if (!step) return;
  const { version } = await saveChargeStep(tx, pledge, step);
  await emit(tx, origin, PledgeRefunded, pledgeEvent(pledge), { version });
}
