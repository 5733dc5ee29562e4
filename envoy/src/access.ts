// Who may call what, decided in Envoy from the verified token; the service decides again.
import type { Rpc } from '@moa/contracts/descriptors';
import { Role } from '@moa/contracts/options/v1/options';
import { GATEWAY_HTTP } from './clusters.js';
import { type Edge, GATEWAY } from './edge.js';
import { duration, extension, typed } from './typed.js';

const JWT_FILTER = 'envoy.filters.http.jwt_authn';
const RBAC_FILTER = 'envoy.filters.http.rbac';
const PROVIDER = 'moa';
const AUDIENCE = 'moa';
const PAYLOAD = 'jwt';
// A new key signs only after everybody had time to fetch it: this, and the gateway's own cache before it.
const KEYS_FETCHED_EVERY_MS = 60_000;
const KEYS_FETCHED_AGAIN_AFTER_MS = 1_000;
const KEYS_TIMEOUT_MS = 2_000;
const KEYS_TRIES = 3;
const VERIFIED_TOKENS_KEPT = 10_000;

/** Verifies tokens; a route says whether there has to be one. `typ` is left to the services, Envoy does not look at it. */
export const tokenFilter = ({ issuer }: Edge) =>
  extension(JWT_FILTER, 'envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication', {
    providers: {
      [PROVIDER]: {
        issuer,
        audiences: [AUDIENCE],
        remote_jwks: {
          http_uri: { uri: `https://${GATEWAY}/.well-known/jwks.json`, cluster: GATEWAY_HTTP, timeout: duration(KEYS_TIMEOUT_MS) },
          cache_duration: duration(KEYS_FETCHED_EVERY_MS),
          async_fetch: { failed_refetch_duration: duration(KEYS_FETCHED_AGAIN_AFTER_MS) },
          retry_policy: { num_retries: KEYS_TRIES },
        },
        from_headers: [{ name: 'authorization', value_prefix: 'Bearer ' }],
        forward: true,
        require_expiration: true,
        // One clock on one machine, and services that are as strict.
        clock_skew_seconds: 1,
        jwt_cache_config: { jwt_cache_size: VERIFIED_TOKENS_KEPT },
        payload_in_metadata: PAYLOAD,
      },
    },
    requirement_map: {
      token: { provider_name: PROVIDER },
      // Without a token, or with a good one: a bad one is refused all the same.
      'any-caller': { requires_any: { requirements: [{ provider_name: PROVIDER }, { allow_missing: {} }] } },
    },
  });

/** Lets nobody through: what a route says stands in its place. */
export const roleFilter = () => extension(RBAC_FILTER, 'envoy.extensions.filters.http.rbac.v3.RBAC', { rules: { action: 'ALLOW' } });

/** What a route says of its callers. */
export function accessOf(access: Rpc['access']) {
  if (access.$case === 'public') return anyCaller;
  return {
    [JWT_FILTER]: typed(JWT_ROUTE, { requirement_name: 'token' }),
    [RBAC_FILTER]: typed(RBAC_ROUTE, {
      rbac: { rules: { action: 'ALLOW', policies: { callers: { permissions: [{ any: true }], principals: [principal(access)] } } } },
    }),
  };
}

const JWT_ROUTE = 'envoy.extensions.filters.http.jwt_authn.v3.PerRouteConfig';
const RBAC_ROUTE = 'envoy.extensions.filters.http.rbac.v3.RBACPerRoute';

/** With a good token or without one. */
export const anyCaller = {
  [JWT_FILTER]: typed(JWT_ROUTE, { requirement_name: 'any-caller' }),
  [RBAC_FILTER]: typed(RBAC_ROUTE),
};

/** No token is looked at. */
export const noToken = { [JWT_FILTER]: typed(JWT_ROUTE, { disabled: true }), [RBAC_FILTER]: typed(RBAC_ROUTE) };

/** Matches a header that is not exactly one token. */
export const oddToken = [
  { name: 'authorization', present_match: true },
  {
    name: 'authorization',
    string_match: { safe_regex: { regex: 'Bearer [A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]*' } },
    invert_match: true,
  },
];

/** Where a claim of a verified token is, for the limits. */
export const claimMetadata = (name: string) => ({ key: JWT_FILTER, path: [{ key: PAYLOAD }, { key: name }] });

function principal(access: Exclude<Rpc['access'], { $case: 'public' }>): object {
  switch (access.$case) {
    case 'signedIn':
      // A program is nobody in particular: signed in are persons.
      return { and_ids: { ids: [claim('sub', { present_match: true }), { not_id: hasRole(Role.ROLE_PARTNER) }] } };
    case 'roles': {
      const { any, partnerScope } = access.value;
      return { or_ids: { ids: any.map((role) => (role === Role.ROLE_PARTNER ? partner(partnerScope) : hasRole(role))) } };
    }
    case 'internal':
      throw new Error('an INTERNAL RPC has no route');
  }
}

const hasRole = (role: Role) => claim('roles', { list_match: { one_of: { string_match: { exact: nameOf(role) } } } });

const partner = (scope: string) =>
  scope === ''
    ? hasRole(Role.ROLE_PARTNER)
    : {
        and_ids: {
          ids: [hasRole(Role.ROLE_PARTNER), claim('scope', { string_match: { safe_regex: { regex: `(.* )?${escaped(scope)}( .*)?` } } })],
        },
      };

const claim = (name: string, value: object) => ({
  sourced_metadata: {
    metadata_source: 'DYNAMIC',
    metadata_matcher: { filter: JWT_FILTER, path: [{ key: PAYLOAD }, { key: name }], value },
  },
});

/** "ROLE_SELLER" of the contract is "SELLER" in a token. */
function nameOf(role: Role): string {
  const [name] = Object.entries(Role).find(([, value]) => value === role)!;
  return name.replace(/^ROLE_/, '');
}

const escaped = (text: string) => text.replace(/[^\w:-]/g, '\\$&');
