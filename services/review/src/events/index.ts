import { onAccountClosed } from './on-account-closed.js';
import { onOrderEvents } from './on-order-events.js';
import { onPledgeEvents } from './on-pledge-events.js';
import { onProjectPublished } from './on-project-published.js';

export const ofRights = [...onOrderEvents, ...onPledgeEvents, onProjectPublished];
export const ofClosing = [onAccountClosed];
