// How large a request may be. It reaches its service as a whole, so that a slow sender holds up nobody but Envoy.
import { extension, typed } from './typed.js';

const BUFFER_FILTER = 'envoy.filters.http.buffer';
const MAX_MESSAGE_BYTES = 1 << 20;
const FRAME_BYTES = 5;

/** Off, but where a route says its limit: streams are not for holding back. */
export const bodyFilter = () => ({
  ...extension(BUFFER_FILTER, 'envoy.extensions.filters.http.buffer.v3.Buffer', { max_request_bytes: MAX_MESSAGE_BYTES }),
  disabled: true,
});

/** What a route says of its requests' size: by default one message of gRPC. */
export const bodyLimit = (maxBytes = MAX_MESSAGE_BYTES + FRAME_BYTES) => ({
  [BUFFER_FILTER]: typed('envoy.extensions.filters.http.buffer.v3.BufferPerRoute', { buffer: { max_request_bytes: maxBytes } }),
});
