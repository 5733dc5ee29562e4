import { PledgeChargedBack } from '@moa/contracts/funding/v1/funding_events';
import { PaymentChargedBack } from '@moa/contracts/payment/v1/payment_events';
import { emit, on } from '@moa/kit';
import { pledgeEvent } from '../convert.js';
import { chargedBack } from '../domain/pledge.js';
import { lockPledge, saveChargeStep } from '../store/charges.js';
import type { Client } from '../store/database.js';
import { isOfPledge } from './of-pledge.js';

export const onPaymentChargedBack = on<PaymentChargedBack, Client>(PaymentChargedBack, async (event, tx, info) => {
  if (!isOfPledge(event)) return;
  const pledge = await lockPledge(tx, event.pledgeId);
  const step = pledge && chargedBack(pledge);
  if (!step) return;
  const { version } = await saveChargeStep(tx, pledge, step);
  await emit(tx, info, PledgeChargedBack, pledgeEvent(pledge), { version });
});
