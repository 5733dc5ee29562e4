import { runService } from '@moa/kit';
import { readReviewConfig } from './config.js';
import { startReview } from './service.js';

await runService(() => startReview(readReviewConfig()));
