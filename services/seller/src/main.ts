import { runService } from '@moa/kit';
import { readSellerConfig } from './config.js';
import { startSeller } from './service.js';

await runService(() => startSeller(readSellerConfig()));
