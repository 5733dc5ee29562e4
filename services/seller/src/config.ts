import { hostsAndPorts, hostVariables, readConfig, secret } from '@moa/kit';
import type { z } from 'zod';

export const variables = {
  ...hostVariables,
  DATABASE_URL: secret(),
  /** 32 bytes in base64: seals settlement accounts. */
  BANK_ACCOUNT_KEY: secret(),
  /** Where the payment service is: asked for statements. */
  PAYMENT_ADDRESS: hostsAndPorts(),
};

export type SellerConfig = z.infer<z.ZodObject<typeof variables>>;

export const readSellerConfig = (): SellerConfig => readConfig(variables, process.env);
