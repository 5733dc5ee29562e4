// How often one caller may call an RPC: a token bucket for each account, or for each address where there is no account.
import { accountMetadata } from './access.js';
import { duration, extension, typed } from './typed.js';

/** For an RPC whose contract names no rate. */
export const DEFAULT_RATE: Rate = { perMinute: 1_200, burst: 200 };

const LIMIT_FILTER = 'envoy.filters.http.local_ratelimit';
const LIMIT = 'envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit';
const MINUTE_MS = 60_000;
// Envoy fills no bucket more often than every 50 ms.
const FILL_AT_LEAST_MS = 50;
// Past it the oldest caller is forgotten, and may start over.
const CALLERS_KEPT = 10_000;
// For those without a bucket of their own, of whom there are none: the filter insists on it.
const UNLIMITED = { max_tokens: 1_000_000, tokens_per_fill: 1_000_000, fill_interval: '1s' };
const ALWAYS = { default_value: { numerator: 100, denominator: 'HUNDRED' } };

export interface Rate {
  readonly perMinute: number;
  readonly burst: number;
}

export const limitFilter = () => extension(LIMIT_FILTER, LIMIT, { stat_prefix: 'none' });

/** What a route says of its limit. */
export function limitOf({ perMinute, burst }: Rate, factor = 1) {
  const fillMs = Math.max(MINUTE_MS / (perMinute * factor), FILL_AT_LEAST_MS);
  const token_bucket = {
    max_tokens: Math.ceil(burst * factor),
    tokens_per_fill: Math.max(1, Math.round((perMinute * factor * fillMs) / MINUTE_MS)),
    fill_interval: duration(Math.round(fillMs)),
  };
  return {
    [LIMIT_FILTER]: typed(LIMIT, {
      stat_prefix: 'callers',
      rate_limits: [
        { actions: [{ metadata: { descriptor_key: 'account', source: 'DYNAMIC', metadata_key: accountMetadata } }] },
        { actions: [withoutToken, { remote_address: {} }] },
      ],
      descriptors: [
        { entries: [{ key: 'account' }], token_bucket },
        { entries: [{ key: 'stranger', value: 'true' }, { key: 'remote_address' }], token_bucket },
      ],
      token_bucket: UNLIMITED,
      always_consume_default_token_bucket: false,
      max_dynamic_descriptors: CALLERS_KEPT,
      filter_enabled: ALWAYS,
      filter_enforced: ALWAYS,
      enable_x_ratelimit_headers: 'DRAFT_VERSION_03',
    }),
  };
}

const withoutToken = {
  header_value_match: {
    descriptor_key: 'stranger',
    descriptor_value: 'true',
    headers: [{ name: 'authorization', present_match: true, invert_match: true }],
  },
};
