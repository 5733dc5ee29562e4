import { runService } from '@moa/kit';
import { readFundingConfig } from './config.js';
import { startFunding } from './service.js';

await runService(() => startFunding(readFundingConfig()));
