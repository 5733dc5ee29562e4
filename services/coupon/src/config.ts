import { hostVariables, readConfig, secret } from '@moa/kit';
import { z } from 'zod';

export const variables = {
  ...hostVariables,
  DATABASE_URL: secret(),
  NATS_URL: secret(),
  /** Turns away at the door who comes too late for a claim. */
  REDIS_URL: secret(),
  REDIS_PREFIX: z.string().default(''),
};

export type CouponConfig = z.infer<z.ZodObject<typeof variables>>;

export const readCouponConfig = (): CouponConfig => readConfig(variables, process.env);
