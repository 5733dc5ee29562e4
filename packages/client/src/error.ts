// What went wrong, in a form that a program can act on and a person can read.
import type { Duration } from '@moa/contracts/google/protobuf/duration';
import { BadRequest, ErrorInfo, LocalizedMessage, RequestInfo, RetryInfo } from '@moa/contracts/google/rpc/error_details';
import { Status as RpcStatus } from '@moa/contracts/google/rpc/status';
import { ClientError, type Metadata, Status } from 'nice-grpc-common';

/** A refused or failed call. `reason` is stable: docs/reference/reasons.md lists every one. */
export class MoaError extends Error {
  override readonly name = 'MoaError';
  /** The RPC, "/moa.funding.v1.PledgeService/CreatePledge". */
  readonly rpc: string;
  /** The gRPC code: 3 is INVALID_ARGUMENT, 5 NOT_FOUND, ... */
  readonly code: Status;
  /** "REWARD_SOLD_OUT"; empty when the answer did not come from Moa (a proxy, or a lost connection). */
  readonly reason: string;
  /** Whose reason it is: "moa.funding". */
  readonly domain: string;
  /** Facts about the case, such as the id of the reward. */
  readonly facts: Readonly<Record<string, string>>;
  /** Each field at fault, with what is wrong with it. */
  readonly fieldViolations: readonly { readonly field: string; readonly description: string }[];
  /** When another try makes sense, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** For support. */
  readonly requestId: string;
  readonly #texts: ReadonlyMap<string, string>;

  constructor(rpc: string, code: Status, message: string, details: readonly { typeUrl: string; value: Uint8Array }[]) {
    const find = <T>(name: string, type: { decode(bytes: Uint8Array): T }) =>
      details.filter(({ typeUrl }) => typeUrl.endsWith(`google.rpc.${name}`)).map(({ value }) => type.decode(value));
    const [info] = find('ErrorInfo', ErrorInfo);
    const [retry] = find('RetryInfo', RetryInfo);
    super(`${rpc}: ${Status[code]} ${info?.reason ?? message}`);
    this.rpc = rpc;
    this.code = code;
    this.reason = info?.reason ?? '';
    this.domain = info?.domain ?? '';
    this.facts = info?.metadata ?? {};
    this.fieldViolations = find('BadRequest', BadRequest).flatMap(({ fieldViolations }) => fieldViolations);
    this.retryAfterMs = retry?.retryDelay && msOf(retry.retryDelay);
    this.requestId = find('RequestInfo', RequestInfo)[0]?.requestId ?? '';
    this.#texts = new Map(find('LocalizedMessage', LocalizedMessage).map(({ locale, message: text }) => [locale, text]));
  }

  /** What a person may read, in the language asked for or else in Korean; undefined when the reason is not meant for people. */
  textFor(locale: 'ko' | 'en'): string | undefined {
    return this.#texts.get(locale) ?? this.#texts.get('ko');
  }
}

/** Makes the error of a call from what the transport threw and the trailer that came with it. */
export function toMoaError(rpc: string, error: unknown, trailer: Metadata | undefined): unknown {
  if (!(error instanceof ClientError)) return error;
  const bytes = trailer?.get('grpc-status-details-bin');
  return new MoaError(rpc, error.code, error.details, bytes ? RpcStatus.decode(bytes).details : []);
}

const msOf = ({ seconds, nanos }: Duration): number => Number(seconds) * 1000 + nanos / 1e6;
