// A Redis of a test's own, which it may kill; nobody else sees it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findServer, redisSource, root, startRedis } from '@moa/stack';

export interface OwnRedis {
  /** What a service is told. */
  readonly environment: { readonly REDIS_URL: string; readonly REDIS_PREFIX: string };
  /** With SIGKILL. */
  kill(): Promise<void>;
  /** Where it was, with what it had written down. */
  startAgain(): Promise<void>;
  close(): Promise<void>;
}

export async function startOwnRedis(): Promise<OwnRedis> {
  const program = await findServer(redisSource, join(root, '.moa/servers'));
  const plan = { program, dataFolder: mkdtempSync(join(tmpdir(), 'moa-redis-')), password: 'test' };
  let redis = await startRedis(plan);
  const { port, adminUrl } = redis;
  return {
    environment: { REDIS_URL: adminUrl, REDIS_PREFIX: '' },
    kill: () => redis.kill(),
    async startAgain() {
      redis = await startRedis({ ...plan, port });
    },
    async close() {
      await redis.kill();
      rmSync(plan.dataFolder, { recursive: true, force: true });
    },
  };
}
