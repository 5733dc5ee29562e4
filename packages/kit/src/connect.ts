// Calls a contract with plain async functions.
import { type ChannelCredentials, Client, Metadata } from '@grpc/grpc-js';
import { type MethodDefinition, pathOf, policyOf, type RequestOf, type ResponseOf, type ServiceDefinition } from '@moa/contracts/method';
import { fail, fromGrpcError } from './failure.js';
import type { Origin } from './origin.js';
import { childTrace } from './trace.js';

// What is left of a deadline is for the way back.
const RETURN_MS = 20;
const MAX_MESSAGE_BYTES = 1 << 20;

// Each call goes to the next copy of the callee that can be reached.
const ROUND_ROBIN = JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] });

/** What a call is made for: its deadline is shortened for the callee; its trace, its request id and its person's token go along. */
export interface CallingFor extends Partial<Origin> {
  readonly deadlineMs?: number | undefined;
  readonly token?: string | undefined;
  readonly requestId?: string;
  readonly signal?: AbortSignal;
}

/** A service elsewhere: each RPC that does not stream an async function. Refusals are thrown as Failures with the callee's own reason. Never retries. */
export type Remote<S extends ServiceDefinition> = {
  readonly [M in keyof S['methods'] as S['methods'][M] extends { responseStream: true } ? never : M]: (
    request: RequestOf<S['methods'][M]>,
    callingFor?: CallingFor,
  ) => Promise<ResponseOf<S['methods'][M]>>;
};

/** A client of `service` at host:port, or at several with commas between, which are its copies. `callee` is the name in the certificate that has to be there. */
export function connect<S extends ServiceDefinition>(
  service: S,
  addresses: string,
  callee: string,
  credentials: ChannelCredentials,
): Remote<S> & { close(): void } {
  const client = new Client(addresses.includes(',') ? `ipv4:${addresses}` : addresses, credentials, {
    'grpc.service_config': ROUND_ROBIN,
    'grpc.ssl_target_name_override': callee,
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
    // A callee that restarts is found again at once, not after the default's minutes of back-off.
    'grpc.max_reconnect_backoff_ms': 1_000,
    'grpc.initial_reconnect_backoff_ms': 100,
  });
  const unary = Object.entries(service.methods).filter(([, { responseStream }]) => !responseStream);
  const methods = unary.map(([name, method]) => [name, caller(client, service, method)]);
  return { ...(Object.fromEntries(methods) as Remote<S>), close: () => client.close() };
}

function caller(client: Client, service: ServiceDefinition, method: MethodDefinition) {
  const path = pathOf(service, method);
  const { access, timeoutMs } = policyOf(method);
  // An INTERNAL call carries no token: it names its subject in the request.
  const forwardsToken = access.$case !== 'internal';
  const serialize = (message: unknown) => Buffer.from(method.requestType.encode(message).finish());

  return (request: unknown, callingFor: CallingFor = {}) =>
    new Promise((resolve, reject) => {
      const metadata = new Metadata();
      metadata.set('traceparent', childTrace(callingFor.trace));
      if (callingFor.requestId !== undefined) metadata.set('x-request-id', callingFor.requestId);
      if (forwardsToken && callingFor.token !== undefined) metadata.set('authorization', `Bearer ${callingFor.token}`);
      const nowMs = Date.now();
      const deadline = Math.min(nowMs + timeoutMs, (callingFor.deadlineMs ?? Number.POSITIVE_INFINITY) - RETURN_MS);
      if (callingFor.signal?.aborted) return reject(fail('CANCELED'));
      if (deadline <= nowMs) return reject(fail('TIMEOUT'));
      const call = client.makeUnaryRequest(
        path,
        serialize,
        method.responseType.decode as (bytes: Buffer) => unknown,
        request,
        metadata,
        { deadline },
        (error, response) => {
          // A signal may outlive many calls: a job's is its service's.
          callingFor.signal?.removeEventListener('abort', cancel);
          if (error) reject(fromGrpcError(error));
          else resolve(response);
        },
      );
      const cancel = () => call.cancel();
      callingFor.signal?.addEventListener('abort', cancel);
    });
}
