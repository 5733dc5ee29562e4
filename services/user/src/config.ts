import { hostsAndPorts, hostVariables, readConfig, secret } from '@moa/kit';
import type { z } from 'zod';

export const variables = {
  ...hostVariables,
  DATABASE_URL: secret(),
  /** Keys of tokens, and addresses of accounts. */
  AUTH_ADDRESS: hostsAndPorts(),
  /** Who owns what My Page shows: asked when it is made anew. */
  FUNDING_ADDRESS: hostsAndPorts(),
  PURCHASE_ADDRESS: hostsAndPorts(),
  COUPON_ADDRESS: hostsAndPorts(),
};

export type UserConfig = z.infer<z.ZodObject<typeof variables>>;

export const readUserConfig = (): UserConfig => readConfig(variables, process.env);
