// The one door: what every request has to be like, and the filters that it passes.
import type { Rpc } from '@moa/contracts/descriptors';
import { roleFilter, tokenFilter } from './access.js';
import { accessLog } from './access-log.js';
import { bodyFilter } from './body-limit.js';
import { corsFilter } from './cors.js';
import { type Edge, socketAddress } from './edge.js';
import { limitFilter, partnerLimitFilter } from './limits.js';
import { localReplies } from './replies.js';
import { routeConfiguration } from './routes.js';
import { publicTls } from './secrets.js';
import { duration, extension } from './typed.js';

const BUFFERED_BYTES = 2 << 20;
const MAX_HEADERS_KIB = 16;
const MAX_HEADERS = 100;
const MAX_STREAMS = 100;
const STREAM_WINDOW_BYTES = 1 << 20;
const CONNECTION_WINDOW_BYTES = 8 << 20;
const IDLE_CONNECTION_MS = 3_600_000;
const IDLE_STREAM_MS = 300_000;
const HEADERS_WITHIN_MS = 10_000;
const DRAIN_MS = 5_000;
const PING_EVERY_MS = 30_000;
const PING_TIMEOUT_MS = 10_000;

// What somebody inside might take for the truth about a caller. Envoy sets its own x-forwarded-* afterwards, and makes all names lower case
// before. One expression for all of them: every header is looked at once.
const IDENTITY_PREFIXES = [
  'x-user-',
  'x-moa-',
  'x-account-',
  'x-role',
  'x-jwt-',
  'x-auth',
  'x-forwarded-',
  'x-envoy-',
  'x-original-',
  'x-real-ip',
  'forwarded',
];

export const listener = (edge: Edge, folder: string, rpcs: readonly Rpc[]) => ({
  name: 'public',
  address: socketAddress(edge.listen),
  // A port that is taken is an error, not something to share.
  enable_reuse_port: false,
  per_connection_buffer_limit_bytes: BUFFERED_BYTES,
  filter_chains: [{ filters: [connectionManager(edge, rpcs)], ...(edge.publicCertificates && { transport_socket: publicTls(folder) }) }],
});

const connectionManager = (edge: Edge, rpcs: readonly Rpc[]) =>
  extension(
    'envoy.filters.network.http_connection_manager',
    'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    {
      stat_prefix: 'public',
      codec_type: 'AUTO',
      server_name: 'moa',
      use_remote_address: true,
      // Nobody is trusted for calling from nearby. An empty list would mean every private address; this one is nobody's (RFC 5737).
      internal_address_config: { cidr_ranges: [{ address_prefix: '192.0.2.0', prefix_len: 32 }] },
      normalize_path: true,
      merge_slashes: true,
      path_with_escaped_slashes_action: 'REJECT_REQUEST',
      common_http_protocol_options: {
        idle_timeout: duration(IDLE_CONNECTION_MS),
        headers_with_underscores_action: 'REJECT_REQUEST',
        max_headers_count: MAX_HEADERS,
      },
      max_request_headers_kb: MAX_HEADERS_KIB,
      http2_protocol_options: {
        max_concurrent_streams: MAX_STREAMS,
        initial_stream_window_size: STREAM_WINDOW_BYTES,
        initial_connection_window_size: CONNECTION_WINDOW_BYTES,
        connection_keepalive: { interval: duration(PING_EVERY_MS), timeout: duration(PING_TIMEOUT_MS) },
      },
      stream_idle_timeout: duration(IDLE_STREAM_MS),
      request_headers_timeout: duration(HEADERS_WITHIN_MS),
      drain_timeout: duration(DRAIN_MS),
      generate_request_id: true,
      preserve_external_request_id: false,
      always_set_request_id_in_response: true,
      early_header_mutation_extensions: [
        extension('identity', 'envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation', {
          mutations: [{ remove_on_match: { key_matcher: { safe_regex: { regex: `(${IDENTITY_PREFIXES.join('|')}).*` } } } }],
        }),
      ],
      access_log: [accessLog()],
      local_reply_config: localReplies(rpcs, edge),
      http_filters: [
        corsFilter(),
        grpcWeb(),
        tokenFilter(edge),
        roleFilter(),
        partnerLimitFilter(edge.rateFactor),
        limitFilter(),
        bodyFilter(),
        methodStatistics(rpcs),
        router(),
      ],
      route_config: routeConfiguration(edge, rpcs),
    },
  );

const grpcWeb = () => extension('envoy.filters.http.grpc_web', 'envoy.extensions.filters.http.grpc_web.v3.GrpcWeb');

// Counts only what is in the contracts: a caller may make up paths without end.
const methodStatistics = (rpcs: readonly Rpc[]) =>
  extension('envoy.filters.http.grpc_stats', 'envoy.extensions.filters.http.grpc_stats.v3.FilterConfig', {
    individual_method_stats_allowlist: {
      services: [...new Set(rpcs.map(({ service }) => service))].map((service) => ({
        name: service,
        method_names: rpcs.filter((rpc) => rpc.service === service).map(({ method }) => method),
      })),
    },
  });

// Answers are counted by their gRPC codes: HTTP's, of which the router would keep count, are all alike.
const router = () =>
  extension('envoy.filters.http.router', 'envoy.extensions.filters.http.router.v3.Router', {
    suppress_envoy_headers: true,
    dynamic_stats: false,
  });
