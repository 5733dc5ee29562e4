import { onProjectSettled } from './on-project-settled.js';

export const subscriptions = [onProjectSettled];
