import { extension } from './typed.js';

// One line a call, without personal data: no address, no agent, no token, no query.
const LINE = {
  time: '%START_TIME%',
  method: '%REQ(:METHOD)%',
  path: '%PATH(NQ:ORIG_OR_PATH):200%',
  type: '%REQ(CONTENT-TYPE):60%',
  status: '%RESPONSE_CODE%',
  grpcStatus: '%GRPC_STATUS%',
  details: '%RESPONSE_CODE_DETAILS%',
  flags: '%RESPONSE_FLAGS%',
  durationMs: '%DURATION%',
  attempts: '%UPSTREAM_REQUEST_ATTEMPT_COUNT%',
  upstream: '%UPSTREAM_HOST%',
  bytesIn: '%BYTES_RECEIVED%',
  bytesOut: '%BYTES_SENT%',
  requestId: '%REQ(X-REQUEST-ID)%',
  traceparent: '%REQ(TRACEPARENT):55%',
};

export const accessLog = () =>
  extension('envoy.access_loggers.stdout', 'envoy.extensions.access_loggers.stream.v3.StdoutAccessLog', {
    log_format: { json_format: LINE },
  });
