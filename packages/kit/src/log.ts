import { pino } from 'pino';
import type { Call } from './call.js';
import { Failure } from './failure.js';
import { traceIdOf } from './trace.js';

export type Logger = pino.Logger;

// A write for each line costs more than the rest of a call's bookkeeping. A process that is killed loses what is younger than this.
const FLUSH_MS = 100;
const BUFFER_BYTES = 8_192;

/** A logger of one JSON line an entry, to standard output. */
export function createLog(name: string, level: string): Logger {
  return pino(
    {
      level,
      base: { service: name },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    pino.destination({ sync: false, minLength: BUFFER_BYTES, periodicFlush: FLUSH_MS }),
  );
}

/** One line for a call: what, how it ended, how long it took, and how to find it again. A partner by its client; nothing about a person. */
export function logCall(log: Logger, rpc: string, error: unknown, durationMs: number, { requestId, trace, person }: Call): void {
  const partner = person?.roles.includes('PARTNER') && { partner: person.accountId, scopes: person.scopes };
  const line = { rpc, ms: Math.round(durationMs * 100) / 100, requestId, trace: traceIdOf(trace), ...partner };
  if (error === null) log.info(line, 'ok');
  else if (error instanceof Failure) log.info({ ...line, reason: error.reason }, 'refused');
  else log.error({ ...line, err: error }, 'failed');
}
