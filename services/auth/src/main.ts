import { runService } from '@moa/kit';
import { readAuthConfig } from './config.js';
import { startAuth } from './service.js';

await runService(() => startAuth(readAuthConfig()));
