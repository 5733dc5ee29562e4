import { PledgePaid } from '@moa/contracts/funding/v1/funding_events';
import { PaymentCompleted } from '@moa/contracts/payment/v1/payment_events';
import { emit, on } from '@moa/kit';
import { pledgeEvent } from '../convert.js';
import { paid } from '../domain/pledge.js';
import { lockPledge, saveChargeStep } from '../store/charges.js';
import type { Client } from '../store/database.js';
import { startRefund } from '../store/refunds.js';
import { isOfPledge } from './of-pledge.js';

export const onPaymentCompleted = on<PaymentCompleted, Client>(PaymentCompleted, async (event, tx, info) => {
  if (!isOfPledge(event)) return;
  const pledge = await lockPledge(tx, event.pledgeId);
  if (!pledge) return;
  const step = paid(pledge);
  // It was under way when the project was canceled.
  if (pledge.projectCanceled && (step || pledge.state === 'RELEASED')) await startRefund(tx, info, pledge.id, pledge.cancelReason);
  if (!step) return;
  const { version } = await saveChargeStep(tx, pledge, step);
  await emit(tx, info, PledgePaid, pledgeEvent(pledge), { version });
});
