// The servers that a test file works in: the run's, or, when it runs alone, a set of its own that ends with its last bed.
import type { RunningTestServers } from '@moa/stack';
import type { TestServers } from '@moa/stack/test-bed';

let own: Promise<RunningTestServers> | undefined;
let users = 0;

export async function useServers(durable: boolean): Promise<{ servers: TestServers; release(): Promise<void> }> {
  const given = process.env['MOA_TEST_SERVERS'];
  if (given) return { servers: JSON.parse(given), release: async () => {} };
  users++;
  own ??= import('@moa/stack').then(({ startTestServers }) => startTestServers(durable));
  const running = await own;
  return {
    servers: running.servers,
    async release() {
      if (--users > 0) return;
      own = undefined;
      await running.stop();
    },
  };
}
