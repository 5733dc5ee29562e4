import { onPledgeEvents } from './on-pledge-events.js';
import { onProjectEvents } from './on-project-events.js';
import { onSettlementEvents } from './on-settlement-events.js';

export const subscriptions = [...onProjectEvents, ...onPledgeEvents, ...onSettlementEvents];
