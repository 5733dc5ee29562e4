import { hostsAndPorts, hostVariables, readConfig, secret } from '@moa/kit';
import { z } from 'zod';

export const variables = {
  ...hostVariables,
  DATABASE_URL: secret(),
  NATS_URL: secret(),
  /** Where the funding service is: asked by the reconciliation. */
  FUNDING_ADDRESS: hostsAndPorts(),
  /** Where the payment provider is. */
  PROVIDER_URL: z.url(),
  PROVIDER_API_KEY: secret(),
  /** What the provider signs its webhooks with. */
  WEBHOOK_SECRET: secret(),
  /** Where the bank is that pays sellers. */
  BANK_URL: z.url(),
  BANK_API_KEY: secret(),
  /** Where the seller service is: asked for the account that a payout goes to. */
  SELLER_ADDRESS: hostsAndPorts(),
  /** How long the provider's answer is waited for. Then the outcome is unknown, and is asked for. */
  PROVIDER_TIMEOUT_MS: z.coerce.number().int().min(50).max(8_000).default(5_000),
  /** Calls a second to the provider, of each copy of the service. */
  PROVIDER_RATE_PER_SECOND: z.coerce.number().min(1).max(10_000).default(200),
  /** Charges under way at once, of each copy. */
  PROVIDER_CONCURRENCY: z.coerce.number().int().min(1).max(256).default(16),
};

export type PaymentConfig = z.infer<z.ZodObject<typeof variables>>;

export const readPaymentConfig = (): PaymentConfig => readConfig(variables, process.env);
