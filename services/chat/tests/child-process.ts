// Chat as a process of its own, which dies at a named point.
import { spawnService } from '@moa/testkit';
import { clientsOf, environment } from './support.js';

/** Started with a crash point, it dies there; or when it is told to. */
export function spawnChat(crashAt?: string) {
  const { address, ...child } = spawnService(new URL('../src/main.js', import.meta.url), environment, crashAt);
  return { ...child, clients: async () => clientsOf(await address) };
}
