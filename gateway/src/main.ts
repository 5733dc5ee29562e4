import { runService } from '@moa/kit';
import { readGatewayConfig } from './config.js';
import { startGateway } from './service.js';

await runService(() => startGateway(readGatewayConfig()));
