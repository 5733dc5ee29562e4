import type { Origin } from '@moa/kit';
import type { ProviderCharge } from '../provider/port.js';
import type { Context } from '../service.js';
import { settleCharged } from './charge-attempt.js';
import { settleApproved } from './confirm-payment.js';

/** What somebody learned of a charge at the provider, such as by a webhook, of an order or of a pledge. False when it is none of ours. */
export const settleFound = async (context: Context, origin: Origin, charge: ProviderCharge): Promise<boolean> =>
  (await settleApproved(context, origin, charge)) || (await settleCharged(context, origin, charge));
