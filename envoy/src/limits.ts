// How often one caller may call: token buckets. Of each RPC there is one for each account, or for each address where there is no account or
// the contract wants it so; a partner has one over all RPCs, of the size that its token says.
import type { Policy } from '@moa/contracts/method';
import { claimMetadata } from './access.js';
import { duration, extension, typed } from './typed.js';

export type Rate = NonNullable<Policy['rate']>;

/** For an RPC whose contract names no rate. */
export const DEFAULT_RATE: Rate = { perMinute: 1_200, burst: 200, byAddress: false };

/** What a partner's token may say in its claim `rate`, and what that means. Auth gives no other. */
export const PARTNER_RATES: Readonly<Record<string, Pick<Rate, 'perMinute' | 'burst'>>> = {
  low: { perMinute: 60, burst: 30 },
  standard: { perMinute: 600, burst: 100 },
  high: { perMinute: 6_000, burst: 500 },
};

const LIMIT_FILTER = 'envoy.filters.http.local_ratelimit';
const LIMIT = 'envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit';
const PARTNER_FILTER = 'moa.partner_limit';
const MINUTE_MS = 60_000;
// Envoy fills no bucket more often than every 50 ms.
const FILL_AT_LEAST_MS = 50;
// Past it the oldest caller is forgotten, and may start over.
const CALLERS_KEPT = 10_000;
// For those without a bucket of their own, of whom there are none: the filter insists on it.
const UNLIMITED = { max_tokens: 1_000_000, tokens_per_fill: 1_000_000, fill_interval: '1s' };
const ALWAYS = { default_value: { numerator: 100, denominator: 'HUNDRED' } };
const NO_PARTNER = 'none';

export const limitFilter = () => extension(LIMIT_FILTER, LIMIT, { stat_prefix: 'none' });

/** One bucket for each partner, shared by all routes. */
export const partnerLimitFilter = (factor = 1) =>
  extension(PARTNER_FILTER, LIMIT, {
    ...limits('partners', [{ actions: [claim('rate'), claim('sub')] }]),
    descriptors: Object.entries(PARTNER_RATES).map(([name, rate]) => ({
      entries: [{ key: 'rate', value: name }, { key: 'sub' }],
      token_bucket: bucket(rate, factor),
    })),
  });

/** What a route says of its limit. */
export function limitOf(rate: Rate, factor = 1) {
  const token_bucket = bucket(rate, factor);
  return {
    [LIMIT_FILTER]: typed(LIMIT, {
      ...(rate.byAddress
        ? {
            ...limits('callers', [{ actions: [address] }]),
            descriptors: [{ entries: [{ key: 'masked_remote_address' }], token_bucket }],
          }
        : {
            ...limits('callers', [{ actions: [claim('rate', NO_PARTNER), claim('sub')] }, { actions: [withoutToken, address] }]),
            descriptors: [
              { entries: [{ key: 'rate', value: NO_PARTNER }, { key: 'sub' }], token_bucket },
              { entries: [{ key: 'stranger', value: 'true' }, { key: 'masked_remote_address' }], token_bucket },
            ],
          }),
    }),
  };
}

/** How long a caller with an empty bucket waits for its next call. */
export const fillMsOf = ({ perMinute }: Pick<Rate, 'perMinute'>, factor = 1): number =>
  Math.max(MINUTE_MS / (perMinute * factor), FILL_AT_LEAST_MS);

function bucket(rate: Pick<Rate, 'perMinute' | 'burst'>, factor: number) {
  const fillMs = fillMsOf(rate, factor);
  return {
    max_tokens: Math.ceil(rate.burst * factor),
    tokens_per_fill: Math.max(1, Math.round((rate.perMinute * factor * fillMs) / MINUTE_MS)),
    fill_interval: duration(Math.round(fillMs)),
  };
}

const limits = (statPrefix: string, rateLimits: readonly object[]) => ({
  stat_prefix: statPrefix,
  rate_limits: rateLimits,
  token_bucket: UNLIMITED,
  always_consume_default_token_bucket: false,
  max_dynamic_descriptors: CALLERS_KEPT,
  filter_enabled: ALWAYS,
  filter_enforced: ALWAYS,
});

/** What a verified token says; nothing is counted where it does not say it, and there is nothing to say instead. */
const claim = (name: string, otherwise?: string) => ({
  metadata: { descriptor_key: name, source: 'DYNAMIC', metadata_key: claimMetadata(name), ...(otherwise && { default_value: otherwise }) },
});

// Whoever has one IPv6 address has all of its /64.
const address = { masked_remote_address: { v4_prefix_mask_len: 32, v6_prefix_mask_len: 64 } };

const withoutToken = {
  header_value_match: {
    descriptor_key: 'stranger',
    descriptor_value: 'true',
    headers: [{ name: 'authorization', present_match: true, invert_match: true }],
  },
};
