export { type Behaviour, behaviourKinds, behaviourOf, testCard } from './cards.js';
export { type ProviderConfig, readProviderConfig } from './config.js';
export { FEE_PER_MILLE, feeOf } from './fee.js';
export { type RunningProvider, startSandboxProvider } from './provider.js';
export type { BillingKey, BookEntry, BookTotals, Charge, WebhookEvent } from './types.js';
export { signWebhook } from './webhooks.js';
