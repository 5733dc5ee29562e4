import { onBillingMethodRegistered } from './on-billing-method-registered.js';
import { onPaymentCanceled } from './on-payment-canceled.js';
import { onPaymentCompleted } from './on-payment-completed.js';
import { onPaymentFailed } from './on-payment-failed.js';

export const subscriptions = [onBillingMethodRegistered, onPaymentCompleted, onPaymentFailed, onPaymentCanceled];
