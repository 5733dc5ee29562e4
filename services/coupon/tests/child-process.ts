// Coupon as a process of its own, which dies at a named point.
import { spawnService } from '@moa/testkit';
import { bed, clientsOf } from './support.js';

/** Started with a crash point, it dies there; or when it is told to. */
export async function spawnCoupon(crashAt?: string) {
  const { address, ...child } = spawnService(new URL('../src/main.js', import.meta.url), await bed.environment('coupon'), crashAt);
  return { ...child, clients: async () => clientsOf(await address) };
}
