import { onAccountClosed } from './on-account-closed.js';
import { onAccountCreated } from './on-account-created.js';

export const subscriptions = [onAccountCreated, onAccountClosed];
