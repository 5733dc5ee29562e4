// Serves a contract with plain async functions and generators, each behind one fused chain: identity, access, decoding, rules, freshness,
// deadline, errors, and one finish for log and metrics. One wrapper, not a stack of interceptors, which never came out faster (design:
// benchmarks). A stream passes the same chain, and then sends what its generator yields.
import type { Settings } from 'node:http2';
import { Server, type ServerUnaryCall, type ServerWritableStream, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { type MethodDefinition, pathOf, policyOf, type RequestOf, type ResponseOf, type ServiceDefinition } from '@moa/contracts/method';
import type { TokenAuthority } from './authority.js';
import { type Call, ServedCall } from './call.js';
import { authorizer, type Identify } from './caller.js';
import type { Clock } from './clock.js';
import { isPoolFull } from './database.js';
import { type Failure, fail, toGrpcError } from './failure.js';
import { endOf, type OpenStreams } from './streams.js';
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
// An open stream costs memory and little else: some 20 KiB.
const MAX_OPEN_STREAMS = 10_000;
const SHED_RETRY_MS = 1_000;
const MINUTE_MS = 60_000;

/**
 * An RPC as an async function; one that streams as an async generator, which waits with `call.signal` so that it ends with its caller:
 *
 *     async function* ({ id }, { signal }) { for await (const progress of watch(id, signal)) yield { progress }; }
 *
 * Bytes that it yields are sent as they are: a message that goes to many is encoded once.
 */
export type Handler<M> = M extends { responseStream: true }
  ? (request: RequestOf<M>, call: Call) => AsyncIterable<ResponseOf<M> | Uint8Array>
  : (request: RequestOf<M>, call: Call) => Promise<ResponseOf<M>>;

/** A contract's RPCs as functions: reads as its table of contents. */
export type Implementation<S extends ServiceDefinition> = { readonly [M in keyof S['methods']]: Handler<S['methods'][M]> };

/** What the chain is made of. */
export interface Chain {
  readonly identify: Identify;
  /** Asked by RPCs that need a fresh sign-in or second factor. */
  readonly authTimeOf: TokenAuthority['authTimeOf'];
  readonly clock: Clock;
  readonly streams: OpenStreams;
  /** Called once for each finished call; `error` is null when it went well. */
  readonly finished: (path: string, error: unknown, durationMs: number, call: Call) => void;
}

type GrpcCall = ServerUnaryCall<Buffer, Uint8Array> | ServerWritableStream<Buffer, Uint8Array>;

/** Sends the end of a call. */
type Reply = (error: ReturnType<typeof toGrpcError> | null, response?: Uint8Array) => void;

/** Calls of one kind that are at work. */
interface Load {
  inFlight: number;
  readonly atMost: number;
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
  const load = { inFlight: 0, atMost: MAX_IN_FLIGHT };
  const streamLoad = { inFlight: 0, atMost: MAX_OPEN_STREAMS };
  const implementation: UntypedServiceImplementation = {};
  for (const [name, method] of Object.entries(service.methods)) {
    const handle = handlers[name as keyof S['methods']] as AnyHandler;
    if (method.responseStream) {
      const serve = guarded(service, method, handle, chain, streamLoad);
      implementation[name] = (stream: ServerWritableStream<Buffer, Uint8Array>) => serve(stream, endOf(stream));
    } else implementation[name] = guarded(service, method, handle, chain, load);
  }
  server.addService(grpcDefinition(service), implementation);
}

type AnyHandler = (request: unknown, call: Call) => Promise<unknown> | AsyncIterable<unknown>;

// Bytes come in, so that nothing is decoded for a caller who may not call.
function guarded(
  service: ServiceDefinition,
  method: MethodDefinition,
  handle: AnyHandler,
  { identify, authTimeOf, clock, streams, finished }: Chain,
  load: Load,
): (grpcCall: GrpcCall, reply: Reply) => void {
  const path = pathOf(service, method);
  const policy = policyOf(method);
  const authorize = authorizer(policy);
  const read = requestReader(service, method);
  const encode = (message: unknown) => (message instanceof Uint8Array ? message : method.responseType.encode(message).finish());

  return (grpcCall, reply) => {
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
    const end = (failure: Failure) => {
      call.abort();
      finish(failure);
    };
    const giveUp = (reason: 'TIMEOUT' | 'CANCELED') => end(fail(reason));
    const timer = Number.isFinite(call.deadlineMs) ? setTimeout(giveUp, call.deadlineMs - Date.now(), 'TIMEOUT') : undefined;
    grpcCall.on('cancelled', () => {
      if (!isFinished) giveUp('CANCELED');
    });
    answer(grpcCall, call, end).then(
      (response) => finish(null, response),
      (error) => finish(isPoolFull(error) ? overloaded() : (error ?? new Error('the handler threw nothing'))),
    );
  };

  async function answer(grpcCall: GrpcCall, call: ServedCall, end: (failure: Failure) => void): Promise<Uint8Array | undefined> {
    if (load.inFlight > load.atMost) throw overloaded();
    const identified = identify(grpcCall.metadata);
    call.identified = identified instanceof Promise ? await identified : identified;
    authorize(call.person, () => call.service);
    const request = read(grpcCall.request);
    // Encoded again: two clients may write the same message in different bytes.
    if (policy.freshAuthMinutes > 0) await requireFresh(call);
    call.takeRequest(request as { requestId?: string }, () => method.requestType.encode(request).finish());
    if (method.responseStream) {
      const reader = grpcCall as ServerWritableStream<Buffer, Uint8Array>;
      await streams.send({ reader, call, messages: handle(request, call) as AsyncIterable<unknown>, encode, end });
      return undefined;
    }
    // Encoded here, so that an answer that cannot be is an accident like any other.
    return encode(await handle(request, call));
  }

  // Auth itself is asked: a token may have been made before the session ended, or long after its person was last seen to be there.
  async function requireFresh({ caller, at, trace, requestId, deadlineMs }: ServedCall): Promise<void> {
    const authTime = await authTimeOf(caller.sessionId, { at, trace, requestId, deadlineMs });
    const minutes = policy.freshAuthMinutes;
    if (!authTime || at.getTime() - authTime.getTime() > minutes * MINUTE_MS) throw fail('FRESH_AUTH_NEEDED', { minutes });
  }
}

const overloaded = () => fail('OVERLOADED', {}, { retryAfterMs: SHED_RETRY_MS });

// The sooner of the contract's timeout and the caller's own deadline.
function deadlineOf(grpcCall: GrpcCall, timeoutMs: number): number {
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
