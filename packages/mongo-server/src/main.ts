import { readConfig } from './config.js';
import { startMongoServer } from './server.js';

const server = await startMongoServer(readConfig());
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void server.stop().then(() => process.exit(0)));
console.log(`@moa/mongo-server speaks a part of MongoDB's protocol (it is not MongoDB): ready on mongodb://127.0.0.1:${server.port}`);
