import { BillingMethodRegistered } from '@moa/contracts/payment/v1/payment_events';
import { on } from '@moa/kit';
import { addBillingMethod } from '../store/charges.js';
import type { Client } from '../store/database.js';

export const onBillingMethodRegistered = on<BillingMethodRegistered, Client>(BillingMethodRegistered, (event, tx) =>
  addBillingMethod(tx, event.billingMethodId, event.accountId),
);
