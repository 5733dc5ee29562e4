// The services behind Envoy: where their copies are, and which of them are fit to be called.
import { isIP } from 'node:net';
import type { Rpc } from '@moa/contracts/descriptors';
import { type Addresses, type Edge, GATEWAY, socketAddress } from './edge.js';
import { mutualTls } from './secrets.js';
import { duration, typed } from './typed.js';

/** The cluster of the gateway's HTTP port. */
export const GATEWAY_HTTP = 'gateway-http';

// A copy that is gone refuses at once. These are for one that is slow, on a machine that is busy: it is not to be given up.
const CONNECT_TIMEOUT_MS = 1_000;
// A connection keeps the certificates it was opened with, so none is kept for long.
const MAX_CONNECTION_MS = 300_000;
const KEEPALIVE_MS = 15_000;
const KEEPALIVE_TIMEOUT_MS = 5_000;
const STREAM_WINDOW_BYTES = 1 << 20;
const CONNECTION_WINDOW_BYTES = 8 << 20;
const HEALTH_EVERY_MS = 1_000;
const HEALTH_TIMEOUT_MS = 3_000;
// A service that starts or restarts is found quickly.
const HEALTH_WHILE_UNHEALTHY_EVERY_MS = 250;
// NOT_SERVING counts at once; only silence has to last.
const UNHEALTHY_AFTER = 3;
const MAX_CONNECTIONS = 256;
const MAX_PENDING = 1_024;
const MAX_REQUESTS = 2_048;
// Of each service: all copies together.
const MAX_OPEN_STREAMS = 20_000;
const RETRY_BUDGET = { budget_percent: { value: 20 }, min_retry_concurrency: 10 };

const HTTP_OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';

export function clusters(edge: Edge, folder: string, rpcs: readonly Rpc[]) {
  for (const { domain, path } of rpcs) if (!edge.clusters[domain]?.length) throw new Error(`${path}: there is no address of ${domain}`);
  return [
    ...Object.entries(edge.clusters).map(([service, addresses]) => grpcCluster(service, addresses, folder)),
    grpcCluster(GATEWAY, edge.gateway.grpc, folder),
    {
      ...cluster(GATEWAY_HTTP, GATEWAY, edge.gateway.http, 'http/1.1', folder),
      typed_extension_protocol_options: protocol({ http_protocol_options: {} }),
      health_checks: [{ ...healthCheck, http_health_check: { path: '/healthz', host: GATEWAY } }],
    },
  ];
}

const grpcCluster = (service: string, addresses: Addresses, folder: string) => ({
  ...cluster(service, service, addresses, 'h2', folder),
  typed_extension_protocol_options: protocol({
    http2_protocol_options: {
      connection_keepalive: { interval: duration(KEEPALIVE_MS), timeout: duration(KEEPALIVE_TIMEOUT_MS) },
      initial_stream_window_size: STREAM_WINDOW_BYTES,
      initial_connection_window_size: CONNECTION_WINDOW_BYTES,
    },
  }),
  health_checks: [{ ...healthCheck, grpc_health_check: { service_name: '', authority: service } }],
});

const cluster = (name: string, service: string, addresses: Addresses, alpn: 'h2' | 'http/1.1', folder: string) => ({
  name,
  type: addresses.every((address) => isIP(socketAddress(address).socket_address.address)) ? 'STATIC' : 'STRICT_DNS',
  connect_timeout: duration(CONNECT_TIMEOUT_MS),
  lb_policy: 'LEAST_REQUEST',
  load_assignment: {
    cluster_name: name,
    endpoints: [{ lb_endpoints: addresses.map((address) => ({ endpoint: { address: socketAddress(address) } })) }],
  },
  transport_socket: mutualTls(service, alpn, folder),
  ignore_health_on_host_removal: true,
  // Nobody is better than somebody unfit: callers hear UNAVAILABLE at once.
  common_lb_config: { healthy_panic_threshold: { value: 0 } },
  outlier_detection: outlierDetection,
  circuit_breakers: {
    thresholds: [
      {
        max_connections: MAX_CONNECTIONS,
        max_pending_requests: MAX_PENDING,
        max_requests: MAX_REQUESTS,
        retry_budget: RETRY_BUDGET,
      },
      {
        // Those of streams. After a restart all of them come at once, before there is a connection.
        priority: 'HIGH',
        max_connections: MAX_CONNECTIONS,
        max_pending_requests: MAX_OPEN_STREAMS,
        max_requests: MAX_OPEN_STREAMS,
        retry_budget: RETRY_BUDGET,
      },
    ],
  },
});

const protocol = (config: object) => ({
  [HTTP_OPTIONS]: typed(HTTP_OPTIONS, {
    explicit_http_config: config,
    common_http_protocol_options: { max_connection_duration: duration(MAX_CONNECTION_MS) },
  }),
});

const healthCheck = {
  interval: duration(HEALTH_EVERY_MS),
  no_traffic_interval: duration(HEALTH_EVERY_MS),
  unhealthy_interval: duration(HEALTH_WHILE_UNHEALTHY_EVERY_MS),
  no_traffic_healthy_interval: duration(HEALTH_EVERY_MS),
  timeout: duration(HEALTH_TIMEOUT_MS),
  unhealthy_threshold: UNHEALTHY_AFTER,
  healthy_threshold: 1,
};

// Only connections that fail tell of a copy's health: an error that a service answers with may be the request's fault.
const outlierDetection = {
  split_external_local_origin_errors: true,
  consecutive_local_origin_failure: 2,
  enforcing_consecutive_local_origin_failure: 100,
  enforcing_consecutive_5xx: 0,
  enforcing_consecutive_gateway_failure: 0,
  enforcing_success_rate: 0,
  enforcing_local_origin_success_rate: 0,
  interval: '1s',
  base_ejection_time: '1s',
  max_ejection_time: '10s',
  max_ejection_percent: 50,
};
