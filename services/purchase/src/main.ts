import { runService } from '@moa/kit';
import { readPurchaseConfig } from './config.js';
import { startPurchase } from './service.js';

await runService(() => startPurchase(readPurchaseConfig()));
