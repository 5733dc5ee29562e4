import { runService } from '@moa/kit';
import { readPaymentConfig } from './config.js';
import { startPayment } from './service.js';

await runService(() => startPayment(readPaymentConfig()));
