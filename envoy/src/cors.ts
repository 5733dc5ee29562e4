// Which pages may call. Envoy answers the preflight of those; that of any other finds no route.
import type { Edge } from './edge.js';
import { extension, typed } from './typed.js';

const CORS_FILTER = 'envoy.filters.http.cors';
const PREFLIGHT_KEPT_S = 7_200;

const SENT = ['authorization', 'content-type', 'x-grpc-web', 'x-user-agent', 'grpc-timeout', 'traceparent', 'tracestate'];
const READ = ['grpc-status', 'grpc-message', 'grpc-status-details-bin', 'x-request-id'];

export const corsFilter = () => extension(CORS_FILTER, 'envoy.extensions.filters.http.cors.v3.Cors');

export const corsPolicy = ({ allowedOrigins }: Edge) => ({
  [CORS_FILTER]: typed('envoy.extensions.filters.http.cors.v3.CorsPolicy', {
    allow_origin_string_match: allowedOrigins.map((origin) => ({ exact: origin })),
    allow_methods: 'POST',
    allow_headers: SENT.join(','),
    expose_headers: READ.join(','),
    max_age: String(PREFLIGHT_KEPT_S),
  }),
});
