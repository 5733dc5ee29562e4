import { PaymentCanceled } from '@moa/contracts/payment/v1/payment_events';
import { on } from '@moa/kit';
import { takeRefund } from '../refund.js';
import type { Client } from '../store/database.js';

export const onPaymentCanceled = on<PaymentCanceled, Client>(PaymentCanceled, (event, tx, info) => takeRefund(tx, info, event.pledgeId));
