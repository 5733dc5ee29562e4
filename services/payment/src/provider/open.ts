import { ConfigError, type Secret } from '@moa/kit';
import type { PaymentConfig } from '../config.js';
import type { PaymentProvider } from './port.js';
import { sandboxProvider } from './sandbox.js';
import { tossProvider } from './toss.js';

export interface OpenProvider {
  readonly provider: PaymentProvider;
  /** What it knows us by. */
  readonly key: Secret;
}

/** The provider that the configuration names. Throws a ConfigError when it lacks what that one needs. */
export function openProvider(config: PaymentConfig): OpenProvider {
  const options = { timeoutMs: config.PROVIDER_TIMEOUT_MS, ratePerSecond: config.PROVIDER_RATE_PER_SECOND };
  if (config.PROVIDER === 'toss') {
    const key = needed(config, 'TOSS_SECRET_KEY');
    const feeBasisPoints = BigInt(needed(config, 'TOSS_FEE_BASIS_POINTS'));
    const booksSince = needed(config, 'TOSS_BOOKS_SINCE');
    return { key, provider: tossProvider({ ...options, url: config.TOSS_URL, secretKey: key.reveal(), feeBasisPoints, booksSince }) };
  }
  const key = needed(config, 'PROVIDER_API_KEY');
  const webhookSecret = needed(config, 'WEBHOOK_SECRET').reveal();
  return { key, provider: sandboxProvider({ ...options, url: needed(config, 'PROVIDER_URL'), apiKey: key.reveal(), webhookSecret }) };
}

function needed<N extends keyof PaymentConfig>(config: PaymentConfig, name: N): NonNullable<PaymentConfig[N]> {
  const value = config[name];
  if (value === undefined || value === null)
    throw new ConfigError(`The configuration is not usable:\n  ${name}: is missing, for ${config.PROVIDER}`);
  return value;
}
