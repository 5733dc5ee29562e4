export { databaseUrl, ensureDatabase, inDatabase, withClient } from './databases.js';
export { migrate } from './migrate.js';
export { presentServices, type Service, services } from './services.js';
export { bedNumber, copyTemplate, makeRedisUser, natsUrl } from './test-bed.js';
export { type RunningTestServers, startTestServers, type TestServers } from './test-servers.js';
