import { hostsAndPorts, hostVariables, readConfig, secret } from '@moa/kit';
import type { z } from 'zod';

export const variables = {
  ...hostVariables,
  DATABASE_URL: secret(),
  NATS_URL: secret(),
  /** Who charges pledges after the close. */
  PAYMENT_ADDRESS: hostsAndPorts(),
  /** Whose points pledges are paid with, and whose coupons. Asked only for pledges that carry any. */
  USER_ADDRESS: hostsAndPorts(),
  COUPON_ADDRESS: hostsAndPorts(),
};

export type FundingConfig = z.infer<z.ZodObject<typeof variables>>;

export const readFundingConfig = (): FundingConfig => readConfig(variables, process.env);
