import { childTrace } from './trace.js';

/** What sets something off: a call, an event, or a run of a job. One reading of the clock, and the trace it belongs to. */
export interface Origin {
  readonly at: Date;
  /** A traceparent. */
  readonly trace: string;
}

/** What a call adds for the SQL functions of its one-statement write. */
interface Claim extends Origin {
  readonly claim?: { readonly caller: string; readonly method: string; readonly requestId: string; readonly hash: string };
}

/** An origin of its own: nothing led to it. */
export const originAt = (at: Date): Origin => ({ at, trace: childTrace(undefined) });

/** What SQL functions are given of their origin, as JSON: see packages/kit/sql/0000_kit.sql. */
export function sqlCall({ at, trace, claim }: Claim): string {
  return JSON.stringify({
    at: at.toISOString(),
    trace,
    caller: claim?.caller,
    method: claim?.method,
    request: claim?.requestId,
    hash: claim?.hash,
  });
}
