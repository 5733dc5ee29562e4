// W3C trace context: one traceparent goes along with every call, event and job.
import { randomFillSync } from 'node:crypto';

// Ids of nothing but zeros are no ids, says the standard.
const FORMAT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
const POOL_BYTES = 4096;

const pool = Buffer.allocUnsafe(POOL_BYTES);
let used = POOL_BYTES;

/** The context for what a caller's context leads to: the same trace, a span of our own. Without a valid one: a new trace. */
export function childTrace(traceparent: string | undefined): string {
  if (traceparent === undefined || !FORMAT.test(traceparent)) return `00-${randomHex(16)}-${randomHex(8)}-00`;
  return `${traceparent.slice(0, 36)}${randomHex(8)}${traceparent.slice(52)}`;
}

/** The trace's id, for logs. */
export const traceIdOf = (traceparent: string): string => traceparent.slice(3, 35);

// Random bytes are drawn in bulk: one system call for hundreds of spans.
function randomHex(bytes: number): string {
  if (used + bytes > POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.toString('hex', used - bytes, used);
}
