import { hostsAndPorts, hostVariables, readConfig, secret } from '@moa/kit';
import { z } from 'zod';

export const variables = {
  ...hostVariables,
  DATABASE_URL: secret(),
  NATS_URL: secret(),
  /** Carts, and what is read often. */
  REDIS_URL: secret(),
  REDIS_PREFIX: z.string().default(''),
  /** Who opens payments, and gives money back. */
  PAYMENT_ADDRESS: hostsAndPorts(),
  /** Who holds coupons. */
  COUPON_ADDRESS: hostsAndPorts(),
  /** Who holds points. */
  USER_ADDRESS: hostsAndPorts(),
};

export type PurchaseConfig = z.infer<z.ZodObject<typeof variables>>;

export const readPurchaseConfig = (): PurchaseConfig => readConfig(variables, process.env);
