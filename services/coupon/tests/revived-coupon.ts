// Coupon as a process that dies, where it was told to or at any moment, and is started again at once; whoever called it comes again.
import { status } from '@grpc/grpc-js';
import { spawnCoupon } from './child-process.js';
import type { clientsOf } from './support.js';

export type Clients = ReturnType<typeof clientsOf>;

const AWAY = new Set([status.UNAVAILABLE, status.CANCELLED]);
const AGAIN_AFTER_MS = 20;

/** `nextCrash` names the point at which the next process dies; empty: at none. */
export async function openRevivedCoupon(nextCrash: () => string) {
  let deaths = 0;
  let isClosed = false;
  let kill = () => {};
  let clients = start();
  await clients;

  async function start(): Promise<Clients> {
    for (;;) {
      const process = await spawnCoupon(nextCrash());
      const ended = process.killed();
      const living = await Promise.race([process.clients(), ended.then(() => undefined)]);
      kill = () => process.kill();
      if (living) {
        void ended.then(restart);
        return living;
      }
      deaths++;
    }
  }

  function restart(): void {
    if (isClosed) return;
    deaths++;
    clients = start();
  }

  return {
    /** As every client of the house does, a call whose outcome is not known is sent again. */
    async ask<T>(call: (clients: Clients) => Promise<T>): Promise<T> {
      for (;;) {
        try {
          return await call(await clients);
        } catch (error) {
          if (!AWAY.has((error as { code: status }).code)) throw error;
          await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER_MS));
        }
      }
    },
    kill: () => kill(),
    deaths: () => deaths,
    close() {
      isClosed = true;
      kill();
    },
  };
}
