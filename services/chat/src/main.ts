import { runService } from '@moa/kit';
import { readChatConfig } from './config.js';
import { startChat } from './service.js';

await runService(() => startChat(readChatConfig()));
