import { PaymentRefunded } from '@moa/contracts/payment/v1/payment_events';
import { on } from '@moa/kit';
import { takeRefund } from '../refund.js';
import type { Client } from '../store/database.js';
import { isOfPledge } from './of-pledge.js';

export const onPaymentRefunded = on<PaymentRefunded, Client>(PaymentRefunded, async (event, tx, info) => {
  if (isOfPledge(event)) await takeRefund(tx, info, event.pledgeId, event.refunded!.amountMinor);
});
