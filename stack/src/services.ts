// THE list of services. Adding one is one entry here; what it needs of the stack follows from it.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Secrets } from './secrets.js';

/** The checkout. */
export const root = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');

export interface Service {
  readonly name: string;
  /** Where its package is. */
  readonly folder: string;
  readonly stores: readonly ('postgres' | 'redis' | 'mongo')[];
  /** The domain whose events it publishes: moa.<domain>.>, kept in the stream <DOMAIN>. */
  readonly publishes?: string;
  /** What it consumes events for: each is a durable called <name>-<purpose>, the only ones that it may use. */
  readonly consumesFor: readonly string[];
  /** Whom it calls: told by <NAME>_ADDRESS, and started before it. */
  readonly calls: readonly string[];
  /** Whom it asks in its own time only: told by <NAME>_ADDRESS, too, but not waited for. */
  readonly asks?: readonly string[];
  /** Listens for HTTP, too. */
  readonly http?: true;
  readonly environment?: (facts: Facts) => Record<string, string>;
}

/** What a service's own variables are made of. */
export interface Facts {
  readonly secrets: Secrets;
  readonly sandboxUrl: string;
  readonly smtpUrl: string;
  readonly mailFrom: string;
}

export const FIRST_ADMIN_EMAIL = 'admin@moa.example';

export const services: readonly Service[] = [
  {
    name: 'auth',
    folder: 'services/auth',
    stores: ['postgres', 'redis'],
    publishes: 'auth',
    consumesFor: ['roles', 'notices', 'closing'],
    calls: [],
    environment: ({ secrets, smtpUrl, mailFrom }) => ({
      KEY_ENCRYPTION_KEY: secrets.keyOf('auth.key-encryption-key'),
      FIRST_ADMIN_EMAIL,
      FIRST_ADMIN_PASSWORD: secrets.of('auth.first-admin-password'),
      FIRST_ADMIN_TOTP_SECRET: secrets.totpOf('auth.first-admin-totp'),
      SMTP_URL: smtpUrl,
      MAIL_FROM: mailFrom,
    }),
  },
  {
    name: 'user',
    folder: 'services/user',
    stores: ['postgres', 'redis'],
    publishes: 'user',
    consumesFor: ['my-page', 'points', 'rebuild'],
    calls: ['auth'],
    asks: ['funding', 'purchase', 'coupon'],
  },
  {
    name: 'seller',
    folder: 'services/seller',
    stores: ['postgres'],
    publishes: 'seller',
    consumesFor: ['dashboard', 'closing'],
    calls: ['auth'],
    asks: ['payment'],
    environment: ({ secrets }) => ({ BANK_ACCOUNT_KEY: secrets.keyOf('seller.bank-account-key') }),
  },
  {
    name: 'payment',
    folder: 'services/payment',
    stores: ['postgres'],
    publishes: 'payment',
    consumesFor: ['projects', 'points', 'closing'],
    calls: ['auth'],
    asks: ['funding', 'seller', 'purchase'],
    environment: ({ secrets, sandboxUrl }) => ({
      PROVIDER_URL: sandboxUrl,
      // It is next door.
      PROVIDER_TIMEOUT_MS: '2000',
      PROVIDER_API_KEY: secrets.of('provider.api-key'),
      // The sandbox is provider and bank.
      BANK_URL: sandboxUrl,
      BANK_API_KEY: secrets.of('provider.api-key'),
      WEBHOOK_SECRET: secrets.of('provider.webhook-secret'),
    }),
  },
  {
    name: 'funding',
    folder: 'services/funding',
    stores: ['postgres'],
    publishes: 'funding',
    consumesFor: ['payments', 'closing'],
    calls: ['auth', 'payment', 'user', 'coupon'],
  },
  {
    name: 'coupon',
    folder: 'services/coupon',
    stores: ['postgres', 'redis'],
    publishes: 'coupon',
    consumesFor: ['accounts'],
    calls: ['auth'],
  },
  {
    name: 'purchase',
    folder: 'services/purchase',
    stores: ['postgres', 'redis'],
    publishes: 'purchase',
    consumesFor: ['payments', 'catalogue', 'closing'],
    calls: ['auth', 'payment', 'user', 'coupon'],
  },
  {
    name: 'chat',
    folder: 'services/chat',
    stores: ['mongo'],
    publishes: 'chat',
    consumesFor: ['rooms', 'closing'],
    calls: ['auth'],
    environment: ({ secrets }) => ({ ARCHIVE_KEY: secrets.keyOf('chat.archive-key') }),
  },
  {
    name: 'review',
    folder: 'services/review',
    stores: ['mongo'],
    publishes: 'review',
    consumesFor: ['rights', 'closing'],
    calls: ['auth'],
  },
  { name: 'gateway', folder: 'gateway', stores: [], consumesFor: [], calls: ['auth', 'payment'], http: true },
];

/** Those that are in this checkout. */
export const presentServices = (): Service[] => services.filter(({ folder }) => existsSync(join(root, folder, 'package.json')));

export const mainOf = ({ folder }: Service): string => join(root, folder, 'dist/src/main.js');

export const migrationsOf = ({ folder }: Service): string => join(root, folder, 'prisma/migrations');

export const hasDatabase = (service: Service): boolean => service.stores.includes('postgres') && existsSync(migrationsOf(service));

export const durablesOf = ({ name, consumesFor }: Service): string[] => consumesFor.map((purpose) => `${name}-${purpose}`);

export const keepsDocuments = ({ stores }: Service): boolean => stores.includes('mongo');

/** The step that makes a document store's indexes. */
export const documentMigrationOf = ({ folder }: Service): string => join(root, folder, 'dist/src/migrate.js');
