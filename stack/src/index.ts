export { databaseUrl, ensureDatabase, inDatabase, withClient } from './databases.js';
export { migrate } from './migrate.js';
export { setRedisUser } from './servers/redis.js';
export { presentServices, type Service, services } from './services.js';
export { type RunningTestServers, startTestServers, TEST_PASSWORD, type TestServers, templateOf } from './test-servers.js';
