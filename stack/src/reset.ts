// Removes what a stack keeps. What was fetched and built stays, so that the next start is quick.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { askStack } from './control-server.js';
import { endLeftovers, notedPid } from './leftovers.js';
import { removeElsewhere } from './servers/unprivileged.js';
import { STACK } from './stack.js';

const KEPT = ['data', 'logs', 'certificates', 'envoy', 'clock.json', 'secrets.json'];
const STOPPED_WITHIN_MS = 60_000;
const POLL_MS = 100;

export async function resetStack(folder: string): Promise<void> {
  const run = join(folder, 'run');
  if (notedPid(run, STACK) !== undefined) {
    console.log('Stopping what runs.');
    if ((await askStack(folder, '/stop')) === undefined) throw new Error('A stack is starting: try again when it is up.');
    const untilMs = performance.now() + STOPPED_WITHIN_MS;
    while (notedPid(run, STACK) !== undefined) {
      if (performance.now() > untilMs) throw new Error(`It did not stop within ${STOPPED_WITHIN_MS / 1000} s.`);
      await sleep(POLL_MS);
    }
  }
  await endLeftovers(run, STACK);
  for (const name of KEPT) rmSync(join(folder, name), { recursive: true, force: true });
  removeElsewhere(join(folder, 'data/postgres'));
  console.log('All data is gone; the next start begins anew.');
}
