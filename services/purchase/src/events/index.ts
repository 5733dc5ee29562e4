import { onPaymentEvents } from './on-payment-events.js';

export const paymentEvents = [...onPaymentEvents];
