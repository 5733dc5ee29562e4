// Redis, for what may be lost: throttles, carts, counters, caches.
import { Redis } from 'ioredis';
import type { Secret } from './config.js';
import type { Host } from './host.js';

const COMMAND_TIMEOUT_MS = 250;
const RECONNECT_MS = 500;

/** Answers or fails at once: nothing waits for Redis, and no command is sent twice (an INCR would count double). */
export function openRedis(url: Secret, host: Pick<Host, 'onStop'>): Redis {
  const redis = new Redis(url.reveal(), {
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: COMMAND_TIMEOUT_MS,
    retryStrategy: () => RECONNECT_MS,
  });
  // Told by the command that fails.
  redis.on('error', () => {});
  host.onStop(() => redis.disconnect());
  return redis;
}

export type { Redis };
