// What happens to every call on its way: request_id, token, deadline, typed errors, and another try where the contract allows one.
import { type Policy, pathOf, policyOf, type ServiceDefinition } from '@moa/contracts/method';
import { type CallOptions, type ClientMiddleware, Metadata, Status } from 'nice-grpc-common';
import { v7 as uuidv7 } from 'uuid';
import { MoaError, toMoaError } from './error.js';
import { requestAfter } from './resume.js';
import type { TokenSource } from './session.js';

const MAX_TRIES = 3;
const BACKOFF_MS = 100;
// Of a stream: a service may take a while to come back.
const MAX_OPENINGS = 8;
const MAX_BACKOFF_MS = 5_000;
// A retry budget as in gRPC proposal A6: a failure costs a token, a success gives a tenth back, and below half nothing is retried.
const BUDGET_TOKENS = 10;
const TOKENS_OF_A_SUCCESS = 0.1;

/** Policies of all RPCs of some services, by path. */
export function policiesOf(services: readonly ServiceDefinition[]): ReadonlyMap<string, Policy> {
  return new Map(
    services.flatMap((service) => Object.values(service.methods).map((method) => [pathOf(service, method), policyOf(method)] as const)),
  );
}

/** Gives a request an id, if it takes one and has none, before anything is sent: every try of a call carries the same. */
export function withRequestId(services: readonly ServiceDefinition[]): ClientMiddleware {
  const methods = services.flatMap((service) =>
    Object.values(service.methods).map((method) => ({ path: pathOf(service, method), method })),
  );
  const taking = new Set(
    methods.filter(({ method }) => 'requestId' in (method.requestType.decode(NOTHING) as object)).map(({ path }) => path),
  );
  return async function* (call, options) {
    if (call.requestStream || !taking.has(call.method.path)) return yield* call.next(call.request, options);
    const { requestId } = call.request as { requestId?: string };
    return yield* call.next({ ...call.request, requestId: requestId || uuidv7() }, options);
  };
}

const NOTHING = new Uint8Array();

/** Tries again what may be tried again: UNAVAILABLE where the contract says repeatable, and a request that is still being worked on. */
export function withRetries(policies: ReadonlyMap<string, Policy>): ClientMiddleware {
  let budget = BUDGET_TOKENS;
  return async function* (call, options) {
    const policy = policies.get(call.method.path);
    if (call.requestStream || call.responseStream || !policy?.repeatable) return yield* call.next(call.request, options);
    for (let tries = 1; ; tries++) {
      try {
        const response = yield* call.next(call.request, options);
        budget = Math.min(budget + TOKENS_OF_A_SUCCESS, BUDGET_TOKENS);
        return response;
      } catch (error) {
        if (!(error instanceof MoaError) || !isWorthAnotherTry(error)) throw error;
        budget = Math.max(budget - 1, 0);
        if (tries === MAX_TRIES || budget <= BUDGET_TOKENS / 2) throw error;
        await sleep(error.retryAfterMs ?? BACKOFF_MS * 2 ** tries * (0.5 + Math.random()), options.signal);
      }
    }
  };
}

/**
 * Opens a stream again that broke off, where the contract says repeatable: it begins with the present then, or goes on where it was (see
 * resume.ts), so nothing is missed that still counts. Gives up when nothing has come for several tries.
 */
export function withReopening(policies: ReadonlyMap<string, Policy>): ClientMiddleware {
  return async function* (call, options) {
    if (call.requestStream || !call.responseStream || !policies.get(call.method.path)?.repeatable) {
      return yield* call.next(call.request, options);
    }
    let { request } = call;
    for (let tries = 1; ; tries++) {
      let hasBegun = false;
      try {
        for await (const message of call.next(request, options)) {
          hasBegun = true;
          tries = 0;
          request = requestAfter(call.method.path, request, message);
          yield message;
        }
        return;
      } catch (error) {
        if (tries === MAX_OPENINGS || !(error instanceof MoaError) || !isBroken(error, hasBegun)) throw error;
        const backOffMs = Math.min(BACKOFF_MS * 2 ** tries, MAX_BACKOFF_MS) * (0.5 + Math.random());
        await sleep(Math.max(error.retryAfterMs ?? 0, backOffMs), options.signal);
      }
    }
  };
}

// Without a reason it was the way there that broke. A token that expires meanwhile is renewed for the next opening.
const isBroken = ({ code, reason }: MoaError, hasBegun: boolean) =>
  code === Status.UNAVAILABLE || reason === '' || reason === 'READER_TOO_SLOW' || (hasBegun && code === Status.UNAUTHENTICATED);

const isWorthAnotherTry = ({ code, reason }: MoaError) => code === Status.UNAVAILABLE || reason === 'REQUEST_IN_PROGRESS';

/** Sends the caller's token; renews one that the server does not take, once. A stream that has begun is not begun anew. */
export function withToken(source: TokenSource): ClientMiddleware {
  return async function* (call, options) {
    const token = await source.accessToken();
    let hasBegun = false;
    try {
      if (call.requestStream || !call.responseStream) return yield* call.next(call.request, authorized(options, token));
      for await (const message of call.next(call.request, authorized(options, token))) {
        hasBegun = true;
        yield message;
      }
      return;
    } catch (error) {
      if (!(error instanceof MoaError) || error.code !== Status.UNAUTHENTICATED) throw error;
      if (token === undefined || hasBegun || call.requestStream) throw error;
      return yield* call.next(call.request, authorized(options, await source.replace(token)));
    }
  };
}

/** Ends a call at its contract's timeout, and tells the server: nobody works on for a caller who has gone. */
export function withDeadline(policies: ReadonlyMap<string, Policy>): ClientMiddleware {
  return async function* (call, options) {
    const timeoutMs = policies.get(call.method.path)?.timeoutMs ?? 0;
    if (timeoutMs === 0) return yield* call.next(call.request, options);
    const deadline = AbortSignal.timeout(timeoutMs);
    const metadata = Metadata(options.metadata).set('grpc-timeout', `${timeoutMs}m`);
    try {
      return yield* call.next(call.request, {
        ...options,
        metadata,
        signal: options.signal ? AbortSignal.any([options.signal, deadline]) : deadline,
      });
    } catch (error) {
      if (deadline.aborted && !options.signal?.aborted)
        throw new MoaError(call.method.path, Status.DEADLINE_EXCEEDED, 'deadline exceeded', []);
      throw error;
    }
  };
}

/** Turns what the transport throws into a MoaError. */
export const withTypedErrors: ClientMiddleware = async function* (call, options) {
  let trailer: Metadata | undefined;
  const onTrailer = (metadata: Metadata) => {
    trailer = metadata;
    options.onTrailer?.(metadata);
  };
  // What Envoy answers by itself comes as a header.
  const onHeader = (metadata: Metadata) => {
    trailer ??= metadata;
    options.onHeader?.(metadata);
  };
  try {
    return yield* call.next(call.request, { ...options, onTrailer, onHeader });
  } catch (error) {
    throw toMoaError(call.method.path, error, trailer);
  }
};

function authorized(options: CallOptions, token: string | undefined): CallOptions {
  return token === undefined ? options : { ...options, metadata: Metadata(options.metadata).set('authorization', `Bearer ${token}`) };
}

function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
