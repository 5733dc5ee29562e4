// Serves a contract with plain async functions, each behind one fused chain: identity, access, decoding, rules, freshness, deadline, errors,
// and one finish for log and metrics. One wrapper, not a stack of interceptors, which never came out faster (design: benchmarks).
import type { Settings } from 'node:http2';
import { type handleUnaryCall, Server, type ServerUnaryCall, type sendUnaryData, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { type MethodDefinition, pathOf, policyOf, type RequestOf, type ResponseOf, type ServiceDefinition } from '@moa/contracts/method';
import type { TokenAuthority } from './authority.js';
import { type Call, ServedCall } from './call.js';
import { authorizer, type Identify } from './caller.js';
import type { Clock } from './clock.js';
import { fail, toGrpcError } from './failure.js';
import { peerOf } from './tls.js';
import { childTrace, traceIdOf } from './trace.js';
import { requestReader } from './validation.js';

const MAX_MESSAGE_BYTES = 1 << 20;
// Envoy refuses from 16 KiB on; this leaves room for what it adds, and for the 32 bytes that HTTP/2 counts for each header.
const MAX_METADATA_BYTES = 24 << 10;
// Envoy sends the calls of many people over few connections.
const MAX_STREAMS = 1_000;
// Past this a service sheds early, so that what it has taken in is still answered in time.
const MAX_IN_FLIGHT = 500;
const SHED_RETRY_MS = 1_000;
const MINUTE_MS = 60_000;

export type Handler<M> = (request: RequestOf<M>, call: Call) => Promise<ResponseOf<M>>;

/** A contract's RPCs as functions: reads as its table of contents. */
export type Implementation<S extends ServiceDefinition> = { readonly [M in keyof S['methods']]: Handler<S['methods'][M]> };

/** What the chain is made of. */
export interface Chain {
  readonly identify: Identify;
  /** Asked by RPCs that need a fresh sign-in or second factor. */
  readonly authTimeOf: TokenAuthority['authTimeOf'];
  readonly clock: Clock;
  /** Called once for each finished call; `error` is null when it went well. */
  readonly finished: (path: string, error: unknown, durationMs: number, call: Call) => void;
}

/** What grpc-js keeps to itself of a server with `grpc.max_concurrent_streams`. */
interface Http2Options {
  readonly commonServerOptions: { readonly settings: Settings };
}

/** A server with the limits of the house. */
export function createServer(): Server {
  const server = new Server({
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
    'grpc.max_concurrent_streams': MAX_STREAMS,
    'grpc.enable_channelz': 0,
  });
  // grpc-js reads no option for this one; HTTP/2 itself has a setting, and Node resets what is over it.
  (server as unknown as Http2Options).commonServerOptions.settings.maxHeaderListSize = MAX_METADATA_BYTES;
  return server;
}

/** Adds a contract to a server. */
export function addService<S extends ServiceDefinition>(server: Server, service: S, handlers: Implementation<S>, chain: Chain): void {
  const load = { inFlight: 0 };
  const implementation: UntypedServiceImplementation = {};
  for (const [name, method] of Object.entries(service.methods)) {
    implementation[name] = guarded(service, method, handlers[name as keyof S['methods']] as Handler<MethodDefinition>, chain, load);
  }
  server.addService(grpcDefinition(service), implementation);
}

// Bytes come in, so that nothing is decoded for a caller who may not call.
function guarded(
  service: ServiceDefinition,
  method: MethodDefinition,
  handle: Handler<MethodDefinition>,
  { identify, authTimeOf, clock, finished }: Chain,
  load: { inFlight: number },
): handleUnaryCall<Buffer, Uint8Array> {
  const path = pathOf(service, method);
  const policy = policyOf(method);
  const authorize = authorizer(policy);
  const read = requestReader(service, method);

  return (grpcCall: ServerUnaryCall<Buffer, Uint8Array>, reply: sendUnaryData<Uint8Array>) => {
    const startedMs = performance.now();
    const header = (name: string) => grpcCall.metadata.get(name)[0] as string | undefined;
    const trace = childTrace(header('traceparent'));
    const call = new ServedCall({
      at: clock.now(),
      trace,
      method: path,
      // Envoy gives each call an id; one that did not come through it is known by its trace.
      requestId: header('x-request-id') ?? traceIdOf(trace),
      deadlineMs: deadlineOf(grpcCall, policy.timeoutMs),
      peer: () => peerOf(grpcCall.getAuthContext()),
      header,
    });
    load.inFlight++;
    let isFinished = false;
    const finish = (error: unknown, response?: Uint8Array) => {
      if (isFinished) return;
      isFinished = true;
      load.inFlight--;
      clearTimeout(timer);
      if (error === null) reply(null, response);
      else reply(toGrpcError(error, call.requestId));
      finished(path, error, performance.now() - startedMs, call);
    };
    const giveUp = (reason: 'TIMEOUT' | 'CANCELED') => {
      call.abort();
      finish(fail(reason));
    };
    const timer = Number.isFinite(call.deadlineMs) ? setTimeout(giveUp, call.deadlineMs - Date.now(), 'TIMEOUT') : undefined;
    grpcCall.on('cancelled', () => {
      if (!isFinished) giveUp('CANCELED');
    });
    answer(grpcCall, call).then(
      (response) => finish(null, response),
      (error) => finish(error ?? new Error('the handler threw nothing')),
    );
  };

  async function answer(grpcCall: ServerUnaryCall<Buffer, Uint8Array>, call: ServedCall): Promise<Uint8Array> {
    if (load.inFlight > MAX_IN_FLIGHT) throw fail('OVERLOADED', {}, { retryAfterMs: SHED_RETRY_MS });
    const identified = identify(grpcCall.metadata);
    call.identified = identified instanceof Promise ? await identified : identified;
    authorize(call.person, () => call.service);
    const request = read(grpcCall.request);
    // Encoded again: two clients may write the same message in different bytes.
    if (policy.freshAuthMinutes > 0) await requireFresh(call);
    call.takeRequest(request as { requestId?: string }, () => method.requestType.encode(request).finish());
    // Encoded here, so that an answer that cannot be is an accident like any other.
    return method.responseType.encode(await handle(request, call)).finish();
  }

  // Auth itself is asked: a token may have been made before the session ended, or long after its person was last seen to be there.
  async function requireFresh({ caller, at, trace, requestId, deadlineMs }: ServedCall): Promise<void> {
    const authTime = await authTimeOf(caller.sessionId, { at, trace, requestId, deadlineMs });
    const minutes = policy.freshAuthMinutes;
    if (!authTime || at.getTime() - authTime.getTime() > minutes * MINUTE_MS) throw fail('FRESH_AUTH_NEEDED', { minutes });
  }
}

// The sooner of the contract's timeout and the caller's own deadline.
function deadlineOf(grpcCall: ServerUnaryCall<Buffer, Uint8Array>, timeoutMs: number): number {
  const callers = grpcCall.getDeadline();
  return Math.min(Number(callers), timeoutMs > 0 ? Date.now() + timeoutMs : Number.POSITIVE_INFINITY);
}

function grpcDefinition(service: ServiceDefinition) {
  return Object.fromEntries(
    Object.entries(service.methods).map(([name, method]) => [
      name,
      {
        path: pathOf(service, method),
        requestStream: method.requestStream,
        responseStream: method.responseStream,
        requestSerialize: (bytes: Buffer) => bytes,
        requestDeserialize: (bytes: Buffer) => bytes,
        responseSerialize: (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
        responseDeserialize: method.responseType.decode,
      },
    ]),
  );
}
