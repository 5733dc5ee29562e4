// What comes round by itself. Each job claims its rows in the database, so any number of copies may run.
import type { Host } from '@moa/kit';
import type { Context } from '../service.js';
import { closeProjects } from './close-projects.js';
import { deliverShipped } from './deliver-shipped.js';
import { eraseAddresses } from './erase-addresses.js';
import { openProjects } from './open-projects.js';
import { rankPopular } from './rank-popular.js';
import { retryRefused } from './retry-refused.js';
import { sendCharges } from './send-charges.js';
import { sendHome } from './send-home.js';
import { sendRefunds } from './send-refunds.js';
import { settleProjects } from './settle-projects.js';
import { sweepEnded } from './sweep-ended.js';

const OPEN_EVERY_MS = 500;
const CLOSE_EVERY_MS = 500;
const SWEEP_EVERY_MS = 500;
const SEND_EVERY_MS = 500;
const RETRY_EVERY_MS = 500;
const SETTLE_EVERY_MS = 500;
const REFUND_EVERY_MS = 500;
const SEND_HOME_EVERY_MS = 500;
const DELIVER_EVERY_MS = 5_000;
const ERASE_EVERY_MS = 10_000;
const RANK_EVERY_MS = 5_000;
const TELL_EVERY_MS = 1_000;

export function startJobs(host: Host, context: Context): void {
  host.job('open-projects', OPEN_EVERY_MS, openProjects(context));
  // Each wakes the next, so that a close does not wait for three rounds.
  const send = host.job('send-charges', SEND_EVERY_MS, sendCharges(context, host));
  const sweep = host.job(
    'sweep-ended',
    SWEEP_EVERY_MS,
    sweepEnded(context, () => send.wake()),
  );
  host.job(
    'close-projects',
    CLOSE_EVERY_MS,
    closeProjects(context, () => sweep.wake()),
  );
  host.job(
    'retry-refused',
    RETRY_EVERY_MS,
    retryRefused(context, () => send.wake()),
  );
  host.job('settle-projects', SETTLE_EVERY_MS, settleProjects(context));
  host.job('send-refunds', REFUND_EVERY_MS, sendRefunds(context, host));
  host.job('send-home', SEND_HOME_EVERY_MS, sendHome(context, host));
  host.job('deliver-shipped', DELIVER_EVERY_MS, deliverShipped(context));
  host.job('erase-addresses', ERASE_EVERY_MS, eraseAddresses(context));
  host.job('rank-popular', RANK_EVERY_MS, rankPopular(context));
  // Looks at the database only while somebody watches.
  host.job('tell-progress', TELL_EVERY_MS, ({ at }) => context.progress.look(at));
}
