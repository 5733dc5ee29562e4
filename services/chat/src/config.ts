import { hostVariables, readConfig, secret } from '@moa/kit';
import { z } from 'zod';

const KEY_BYTES = 32;

export const variables = {
  ...hostVariables,
  MONGODB_URL: secret(),
  NATS_URL: secret(),
  /** The 32 secret bytes of the Ed25519 key that signs checkpoints and exports, in base64. */
  ARCHIVE_KEY: secret().refine((key) => Buffer.from(key.reveal(), 'base64').length === KEY_BYTES, 'must be 32 bytes in base64'),
  /** Public keys that signed before, in PEM, one after the other. */
  ARCHIVE_OLD_KEYS: z.string().default(''),
};

export type ChatConfig = z.infer<z.ZodObject<typeof variables>>;

export const readChatConfig = (): ChatConfig => readConfig(variables, process.env);

/** What the migration step is told. */
export const readMigrationConfig = () => readConfig({ MONGODB_URL: variables.MONGODB_URL }, process.env);
