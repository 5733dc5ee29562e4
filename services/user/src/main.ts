import { runService } from '@moa/kit';
import { readUserConfig } from './config.js';
import { startUser } from './service.js';

await runService(() => startUser(readUserConfig()));
