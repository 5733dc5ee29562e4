// Streams that are open: sent as fast as their readers take them, and ended when nobody may or wants to go on. One look at all of them
// every second, instead of timers for each.
import { once } from 'node:events';
import type { ServerWritableStream } from '@grpc/grpc-js';
import type { ServedCall } from './call.js';
import { type Failure, fail } from './failure.js';

/** How streams are ended that nobody ends. */
export interface StreamLimits {
  /** Without a message for so long: Envoy would cut it soon. A handler with nothing new says the last thing again before that. */
  readonly idleMs: number;
  /** A reader who takes nothing for so long is slow. */
  readonly slowMs: number;
  readonly lookEveryMs: number;
  /** Open at once for one account, or for one address where there is no account: many people may share one. */
  readonly ofOneCaller: number;
}

const LIMITS: StreamLimits = { idleMs: 240_000, slowMs: 10_000, lookEveryMs: 1_000, ofOneCaller: 500 };
// So that those who are sent away by a stop do not all come back at once.
const COME_BACK_WITHIN_MS = 2_000;

export interface OpenStreams {
  count(): number;
  /** Sends messages until there are no more; resolves then. While the reader is behind (16 messages wait for it) none is asked for. */
  send(sending: Sending): Promise<void>;
  /** Ends all with UNAVAILABLE, and whatever comes after. */
  endAll(): void;
}

export interface Sending {
  readonly reader: ServerWritableStream<Buffer, Uint8Array>;
  readonly call: ServedCall;
  readonly messages: AsyncIterable<unknown>;
  readonly encode: (message: unknown) => Uint8Array;
  /** Told when the stream has to end before its messages do: stop, token, slow reader, silence. */
  readonly end: (failure: Failure) => void;
}

interface OpenStream extends Pick<Sending, 'call' | 'end'> {
  readonly caller: string | undefined;
  sentMs: number;
  /** Since when the reader is behind. */
  behindMs: number | undefined;
}

export function openStreams({ idleMs, slowMs, lookEveryMs, ofOneCaller }: StreamLimits = LIMITS): OpenStreams {
  const open = new Set<OpenStream>();
  const callers = new Map<string, number>();
  let looking: NodeJS.Timeout | undefined;
  let isStopping = false;

  return {
    count: () => open.size,
    async send({ reader, call, messages, encode, end }) {
      if (isStopping) throw stopping();
      const caller = call.person?.accountId ?? call.address;
      if (caller !== undefined && (callers.get(caller) ?? 0) >= ofOneCaller) throw fail('STREAMS_TOO_MANY', { limit: ofOneCaller });
      const stream: OpenStream = { call, end, caller, sentMs: performance.now(), behindMs: undefined };
      if (caller !== undefined) callers.set(caller, (callers.get(caller) ?? 0) + 1);
      open.add(stream);
      looking ??= setInterval(look, lookEveryMs).unref();
      try {
        for await (const message of messages) {
          if (call.signal.aborted) return;
          stream.sentMs = performance.now();
          if (reader.write(encode(message))) continue;
          stream.behindMs = stream.sentMs;
          await once(reader, 'drain', { signal: call.signal });
          stream.behindMs = undefined;
        }
      } finally {
        forget(stream);
      }
    },
    endAll() {
      isStopping = true;
      for (const stream of open) endOne(stream, stopping());
    },
  };

  function look(): void {
    const nowMs = performance.now();
    for (const stream of open) {
      const { call, sentMs, behindMs } = stream;
      if (call.identified?.holds() === false) endOne(stream, fail('TOKEN_REFUSED'));
      else if (behindMs !== undefined && nowMs - behindMs > slowMs) endOne(stream, fail('READER_TOO_SLOW'));
      else if (behindMs === undefined && nowMs - sentMs > idleMs) endOne(stream, fail('STREAM_IDLE'));
    }
  }

  function endOne(stream: OpenStream, failure: Failure): void {
    forget(stream);
    stream.end(failure);
  }

  function forget(stream: OpenStream): void {
    if (!open.delete(stream)) return;
    if (stream.caller !== undefined) {
      const left = callers.get(stream.caller)! - 1;
      if (left > 0) callers.set(stream.caller, left);
      else callers.delete(stream.caller);
    }
    if (open.size > 0) return;
    clearInterval(looking);
    looking = undefined;
  }
}

const stopping = () => fail('SERVICE_UNAVAILABLE', {}, { retryAfterMs: Math.round(Math.random() * COME_BACK_WITHIN_MS) });

/** Ends a stream of grpc-js with its status. */
export const endOf = (stream: ServerWritableStream<Buffer, Uint8Array>) => (error: object | null) => {
  // Nobody is there any more.
  if (stream.destroyed) return;
  // grpc-js takes the status from the event, and sends it after what has been written.
  if (error) stream.emit('error', error);
  else stream.end();
};
