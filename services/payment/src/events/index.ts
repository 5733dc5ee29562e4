import { onAccountClosed } from './on-account-closed.js';
import { onPointsChanged } from './on-points-changed.js';
import { onProjectSettled } from './on-project-settled.js';

/** By what they are consumed for. */
export const subscriptions = { projects: [onProjectSettled], points: [onPointsChanged], closing: [onAccountClosed] };
