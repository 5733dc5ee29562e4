import { hostVariables, readConfig, secret } from '@moa/kit';
import type { z } from 'zod';

export const variables = {
  ...hostVariables,
  MONGODB_URL: secret(),
  NATS_URL: secret(),
};

export type ReviewConfig = z.infer<z.ZodObject<typeof variables>>;

export const readReviewConfig = (): ReviewConfig => readConfig(variables, process.env);

/** What the migration step is told. */
export const readMigrationConfig = () => readConfig({ MONGODB_URL: variables.MONGODB_URL }, process.env);
