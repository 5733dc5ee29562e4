import { hostsAndPorts, hostVariables, readConfig, secret } from '@moa/kit';
import { z } from 'zod';

export const variables = {
  ...hostVariables,
  DATABASE_URL: secret(),
  NATS_URL: secret(),
  /** Where the funding service is: asked by the reconciliation. */
  FUNDING_ADDRESS: hostsAndPorts(),
  /** Where the purchase service is: asked by the reconciliation, too. */
  PURCHASE_ADDRESS: hostsAndPorts(),
  /** Which payment provider. What each needs is checked when it is opened. */
  PROVIDER: z.enum(['sandbox', 'toss']).default('sandbox'),
  /** Sandbox: where it is, its key, and what it signs its webhooks with. */
  PROVIDER_URL: z.url().optional(),
  PROVIDER_API_KEY: secret().optional(),
  WEBHOOK_SECRET: secret().optional(),
  /** Toss Payments: where its API is. */
  TOSS_URL: z.url().default('https://api.tosspayments.com'),
  /** Toss Payments: the secret key of the shop that has a contract for billing. */
  TOSS_SECRET_KEY: secret().optional(),
  /** Toss Payments: its fee by contract, VAT included, in hundredths of a percent. Its payments do not tell it. */
  TOSS_FEE_BASIS_POINTS: z.coerce.number().int().min(0).max(5_000).optional(),
  /** Toss Payments: the first day, in Korea, that the shop's books are read from. */
  TOSS_BOOKS_SINCE: z.iso.date().optional(),
  /** Where the bank is that pays sellers. */
  BANK_URL: z.url(),
  BANK_API_KEY: secret(),
  /** Where the seller service is: asked for the account that a payout goes to. */
  SELLER_ADDRESS: hostsAndPorts(),
  /** How long the provider's answer is waited for. Then the outcome is unknown, and is asked for. */
  PROVIDER_TIMEOUT_MS: z.coerce.number().int().min(50).max(8_000).default(5_000),
  /** Calls a second to the provider, of each copy of the service. */
  PROVIDER_RATE_PER_SECOND: z.coerce.number().min(0.1).max(10_000).default(200),
  /** Charges under way at once, of each copy. */
  PROVIDER_CONCURRENCY: z.coerce.number().int().min(1).max(256).default(16),
};

export type PaymentConfig = z.infer<z.ZodObject<typeof variables>>;

export const readPaymentConfig = (): PaymentConfig => readConfig(variables, process.env);
