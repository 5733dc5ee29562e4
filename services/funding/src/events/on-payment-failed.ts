import { PledgeDropped, PledgePaymentFailed } from '@moa/contracts/funding/v1/funding_events';
import { PaymentFailed } from '@moa/contracts/payment/v1/payment_events';
import { emit, on } from '@moa/kit';
import { pledgeEvent } from '../convert.js';
import { refused } from '../domain/pledge.js';
import { lockPledge, saveChargeStep } from '../store/charges.js';
import type { Client } from '../store/database.js';
import { isOfPledge } from './of-pledge.js';

export const onPaymentFailed = on<PaymentFailed, Client>(PaymentFailed, async (event, tx, info) => {
  if (!isOfPledge(event)) return;
  const pledge = await lockPledge(tx, event.pledgeId);
  const step = pledge && refused(pledge, event.attempt, pledge.policy, info.at);
  if (!step) return;
  const { version } = await saveChargeStep(tx, pledge, step);
  if (step.nextChargeTime === null) return emit(tx, info, PledgeDropped, pledgeEvent(pledge), { version });
  const failed = { ...pledgeEvent(pledge), attempts: pledge.chargeAttempts, nextChargeTime: step.nextChargeTime };
  await emit(tx, info, PledgePaymentFailed, failed, { version });
});
