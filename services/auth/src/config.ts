import { hostVariables, readConfig, secret } from '@moa/kit';
import { z } from 'zod';
import { providerList, redirectUriList } from './oauth/settings.js';

export const variables = {
  ...hostVariables,
  DATABASE_URL: secret(),
  /** Throttling only: sign-in goes on without it. */
  REDIS_URL: secret(),
  REDIS_PREFIX: z.string().default(''),
  /** 32 bytes in base64: seals the private signing keys, queued mail and flows of OAuth, and is what refresh tokens are derived from. */
  KEY_ENCRYPTION_KEY: secret(),
  /** Where mail goes: smtps://, or smtp:// with STARTTLS. User, password and options of nodemailer may be in it. */
  SMTP_URL: secret().refine((url) => /^smtps?:\/\/[^/]/.test(url.reveal()), 'must be smtp:// or smtps://'),
  /** Whom mail comes from: an address, or "Moa <no-reply@moa.example>". */
  MAIL_FROM: z.string().regex(/^([^<>@\r\n]*<[^<>@\s]+@[^<>@\s]+>|[^<>@\s]+@[^<>@\s]+)$/, 'must be an address, or a name and an <address>'),
  /** The providers that one may sign in with, as a JSON list: [{ name, issuer?, clientId, clientSecret, scope? }]. */
  OAUTH_PROVIDERS: providerList().default([]),
  /** Where they may send browsers back to: URLs, with spaces between. */
  OAUTH_REDIRECT_URIS: redirectUriList().default([]),
  /** Opened at the start, unless it is there. */
  FIRST_ADMIN_EMAIL: z.email().optional(),
  FIRST_ADMIN_PASSWORD: secret(8).optional(),
  /** Its second factor, in base32; without one it has to enroll before it is an admin. */
  FIRST_ADMIN_TOTP_SECRET: secret(16).optional(),
  /** The age at which a signing key is followed by the next. */
  SIGNING_KEY_DAYS: z.coerce.number().int().min(1).default(30),
};

export type AuthConfig = z.infer<z.ZodObject<typeof variables>>;

export const readAuthConfig = (): AuthConfig => readConfig(variables, process.env);
