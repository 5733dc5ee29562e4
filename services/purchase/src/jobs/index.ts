// What comes round by itself. Each job claims its rows in the database, so any number of copies may run.
import type { Host, Job } from '@moa/kit';
import type { Context } from '../service.js';
import { completeDelivered } from './complete-delivered.js';
import { countSales } from './count-sales.js';
import { deliverShipped } from './deliver-shipped.js';
import { eraseAddresses } from './erase-addresses.js';
import { goOnWithCheckouts } from './go-on-with-checkouts.js';
import { sendGiveBacks } from './send-give-backs.js';

const CHECKOUTS_EVERY_MS = 500;
const ERASE_EVERY_MS = 10_000;
const COUNT_SALES_EVERY_MS = 5_000;
const GIVE_BACK_EVERY_MS = 500;
const DELIVER_EVERY_MS = 5_000;
const COMPLETE_EVERY_MS = 5_000;

export function startJobs(host: Host, context: Context): { readonly sendGiveBacks: Job } {
  host.job('checkouts', CHECKOUTS_EVERY_MS, goOnWithCheckouts(context));
  host.job('erase-addresses', ERASE_EVERY_MS, eraseAddresses(context));
  host.job('count-sales', COUNT_SALES_EVERY_MS, countSales(context));
  host.job('deliver-shipped', DELIVER_EVERY_MS, deliverShipped(context));
  host.job('complete-delivered', COMPLETE_EVERY_MS, completeDelivered(context));
  return { sendGiveBacks: host.job('send-give-backs', GIVE_BACK_EVERY_MS, sendGiveBacks(context, host)) };
}
