import { runService } from '@moa/kit';
import { readCouponConfig } from './config.js';
import { startCoupon } from './service.js';

await runService(() => startCoupon(readCouponConfig()));
