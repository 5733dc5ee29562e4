// What a main.ts does: start, say why if that fails, and stop when asked to.
import { ConfigError } from './config.js';
import type { Running } from './host.js';

/** Starts a service and stops it on SIGTERM or SIGINT. A configuration that is not usable is told without a stack. */
export async function runService(start: () => Promise<Running>): Promise<void> {
  try {
    const running = await start();
    await new Promise((resolve) => {
      // Listened to until the end: a second signal does not cut the stop short.
      process.on('SIGTERM', resolve);
      process.on('SIGINT', resolve);
    });
    await running.stop();
    process.exit(0);
  } catch (error) {
    console.error(error instanceof ConfigError ? error.message : error);
    process.exit(1);
  }
}
