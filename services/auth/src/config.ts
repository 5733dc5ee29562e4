import { hostVariables, readConfig, secret } from '@moa/kit';
import { z } from 'zod';

export const variables = {
  ...hostVariables,
  DATABASE_URL: secret(),
  /** Throttling only: sign-in goes on without it. */
  REDIS_URL: secret(),
  REDIS_PREFIX: z.string().default(''),
  /** 32 bytes in base64: seals the private signing keys, and is what refresh tokens are derived from. */
  KEY_ENCRYPTION_KEY: secret(),
  /** Opened at the start, unless it is there. */
  FIRST_ADMIN_EMAIL: z.email().optional(),
  FIRST_ADMIN_PASSWORD: secret(8).optional(),
  /** Its second factor, in base32; without one it has to enroll before it is an admin. */
  FIRST_ADMIN_TOTP_SECRET: secret(16).optional(),
};

export type AuthConfig = z.infer<z.ZodObject<typeof variables>>;

export const readAuthConfig = (): AuthConfig => readConfig(variables, process.env);
