import { onBillingMethodRegistered } from './on-billing-method-registered.js';
import { onPaymentChargedBack } from './on-payment-charged-back.js';
import { onPaymentCompleted } from './on-payment-completed.js';
import { onPaymentFailed } from './on-payment-failed.js';
import { onPaymentRefunded } from './on-payment-refunded.js';

export const subscriptions = [onBillingMethodRegistered, onPaymentCompleted, onPaymentFailed, onPaymentRefunded, onPaymentChargedBack];
