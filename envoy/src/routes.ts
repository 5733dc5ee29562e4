// Where a request goes: one exact route for each RPC that is not INTERNAL, a few for the gateway, and nowhere else.
import type { Rpc } from '@moa/contracts/descriptors';
import { accessOf, anyCaller, noToken, oddToken } from './access.js';
import { bodyLimit } from './body-limit.js';
import { GATEWAY_HTTP } from './clusters.js';
import { corsPolicy } from './cors.js';
import { type Edge, GATEWAY } from './edge.js';
import { DEFAULT_RATE, limitOf, type Rate } from './limits.js';
import { duration, extension } from './typed.js';

// The service keeps the contract's timeout itself: its own DEADLINE_EXCEEDED comes first.
const TIMEOUT_MARGIN_MS = 500;
// For callers who stop in the middle of what they send.
const IDLE_CALL_MS = 10_000;
const IDLE_STREAM_MS = 300_000;
const HTTP_TIMEOUT_MS = 6_000;
const REFLECTION_AT_MOST_MS = 60_000;
const WEBHOOK_BYTES = 64 << 10;
// Where no token is looked at, one that is shown makes no difference.
const READ_RATE: Rate = { ...DEFAULT_RATE, byAddress: true };
const WEBHOOK_RATE: Rate = { perMinute: 6_000, burst: 1_000, byAddress: true };

const REFLECTION = ['v1', 'v1alpha'].map((version) => `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`);

export const routeConfiguration = (edge: Edge, rpcs: readonly Rpc[]) => ({
  name: 'public',
  virtual_hosts: [
    {
      name: 'moa',
      domains: ['*'],
      typed_per_filter_config: corsPolicy(edge),
      retry_policy: retryPolicy,
      routes: [
        preflightRoute,
        oddTokenRoute,
        ...httpRoutes(edge),
        ...IS_GRPC.map(notGrpcRoute),
        ...rpcs.filter(({ access }) => access.$case !== 'internal').map((rpc) => rpcRoute(rpc, edge)),
        ...REFLECTION.map((path) => reflectionRoute(path, edge)),
        lastRoute,
      ],
    },
  ],
});

// Repeats only what never reached a service, and on another copy. Calls that may run twice are repeated by whoever knows that.
export const retryPolicy = {
  retry_on: 'connect-failure,refused-stream,reset-before-request',
  num_retries: 3,
  retry_back_off: { base_interval: '0.025s', max_interval: '0.25s' },
  retry_host_predicate: [
    extension('envoy.retry_host_predicates.previous_hosts', 'envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate'),
  ],
  host_selection_retry_max_attempts: 3,
};

/** How long Envoy waits for the end of a call; 0: for ever. */
export const edgeTimeoutMs = ({ timeoutMs }: Pick<Rpc, 'timeoutMs'>): number => (timeoutMs > 0 ? timeoutMs + TIMEOUT_MARGIN_MS : 0);

const rpcRoute = ({ path, domain, access, timeoutMs, streams, rate }: Rpc, edge: Edge) => ({
  match: { path },
  route: {
    cluster: domain,
    // Streams stay open: they are counted apart, and have connections of their own.
    ...(streams && { priority: 'HIGH' }),
    timeout: duration(edgeTimeoutMs({ timeoutMs })),
    idle_timeout: duration(timeoutMs > 0 ? Math.max(edgeTimeoutMs({ timeoutMs }), IDLE_CALL_MS) : IDLE_STREAM_MS),
  },
  typed_per_filter_config: { ...accessOf(access), ...limitOf(rate ?? DEFAULT_RATE, edge.rateFactor), ...(streams ? {} : bodyLimit()) },
});

const reflectionRoute = (path: string, edge: Edge) => ({
  match: { path },
  route: { cluster: GATEWAY, timeout: '0s', max_stream_duration: { max_stream_duration: duration(REFLECTION_AT_MOST_MS) } },
  typed_per_filter_config: { ...anyCaller, ...limitOf(DEFAULT_RATE, edge.rateFactor) },
});

const httpRoutes = ({ rateFactor }: Edge) => {
  const toGateway = { cluster: GATEWAY_HTTP, timeout: duration(HTTP_TIMEOUT_MS) };
  const read = { ...noToken, ...limitOf(READ_RATE, rateFactor) };
  return [
    { match: { path: '/', headers: [method('GET')] }, route: toGateway, typed_per_filter_config: read },
    { match: { path: '/.well-known/jwks.json', headers: [method('GET')] }, route: toGateway, typed_per_filter_config: read },
    {
      match: { safe_regex: { regex: '/webhooks/[a-z0-9-]+' }, headers: [method('POST')] },
      route: toGateway,
      typed_per_filter_config: { ...noToken, ...limitOf(WEBHOOK_RATE, rateFactor), ...bodyLimit(WEBHOOK_BYTES) },
    },
  ];
};

// The filter for CORS answers the preflights of our own pages. The rest would go to the gateway, but nothing lifts the ban of the filter for
// roles here.
const preflightRoute = {
  match: { prefix: '/', headers: [method('OPTIONS'), { name: 'access-control-request-method', present_match: true }] },
  route: { cluster: GATEWAY_HTTP },
};

// Two tokens, or one with something around it: whoever reads it next might read another one than Envoy did. Nobody gets past the ban here.
const oddTokenRoute = {
  match: { prefix: '/', headers: oddToken },
  route: { cluster: GATEWAY_HTTP },
};

// Asked once, and not again by each route: of the routes that follow, Envoy tries one after the other.
const IS_GRPC = [method('POST'), { name: 'content-type', string_match: { prefix: 'application/grpc' } }];
const notGrpcRoute = (header: object) => ({ ...lastRoute, match: { prefix: '/', headers: [{ ...header, invert_match: true }] } });

const lastRoute = { match: { prefix: '/' }, direct_response: { status: 404 }, typed_per_filter_config: noToken };

function method(name: string) {
  return { name: ':method', string_match: { exact: name } };
}
