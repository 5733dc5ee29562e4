// Errors that callers may act on: a stable reason, a gRPC code, facts about the case, and where it helps when to come back.
import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import type { Duration } from '@moa/contracts/google/protobuf/duration';
import { BadRequest, ErrorInfo, LocalizedMessage, RequestInfo, RetryInfo } from '@moa/contracts/google/rpc/error_details';
import { Status } from '@moa/contracts/google/rpc/status';
import type { MessageType } from '@moa/contracts/method';

export type Facts = Readonly<Record<string, string | number | bigint>>;

/** A field at fault, as a path ("lines[0].quantity"), and what is wrong with it. */
export interface FieldViolation {
  readonly field: string;
  readonly description: string;
}

/** What a reason means: its gRPC code, and what a person may read about it. */
export type ReasonEntry = status | { readonly code: status; readonly ko: string; readonly en: string };

export interface FailureMore {
  /** When another try makes sense, in milliseconds from now. */
  readonly retryAfterMs?: number;
  readonly violations?: readonly FieldViolation[];
}

/** A refusal that was foreseen. Anything else that is thrown leaves a service as a bare INTERNAL. */
export class Failure extends Error {
  readonly code: status;
  readonly domain: string;
  readonly reason: string;
  readonly facts: Facts;
  readonly more: FailureMore;
  readonly texts: { readonly ko: string; readonly en: string } | undefined;

  constructor(domain: string, reason: string, entry: ReasonEntry, facts: Facts = {}, more: FailureMore = {}) {
    // A refusal is an answer, not an accident: its stack would cost more than the rest of the call.
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    super(reason);
    Error.stackTraceLimit = limit;
    this.code = typeof entry === 'number' ? entry : entry.code;
    this.domain = domain;
    this.reason = reason;
    this.facts = facts;
    this.more = more;
    this.texts = typeof entry === 'number' ? undefined : { ko: entry.ko, en: entry.en };
  }
}

/** A table of reasons and the domain it belongs to. */
export interface Reasons {
  readonly domain: string;
  readonly table: Readonly<Record<string, ReasonEntry>>;
}

/** Makes the failures of one table. */
export interface Fail<Reason extends string> extends Reasons {
  (reason: Reason, facts?: Facts, more?: FailureMore): Failure;
  readonly table: Readonly<Record<Reason, ReasonEntry>>;
}

/**
 * A service's table of reasons, as a function that makes its failures.
 *
 *     export const fail = failures('moa.funding', { REWARD_SOLD_OUT: status.FAILED_PRECONDITION });
 *     throw fail('REWARD_SOLD_OUT', { rewardId });
 */
export function failures<Reason extends string>(domain: string, table: Readonly<Record<Reason, ReasonEntry>>): Fail<Reason> {
  const fail = (reason: Reason, facts?: Facts, more?: FailureMore) => new Failure(domain, reason, table[reason], facts, more);
  return Object.assign(fail, { domain, table });
}

/** The reasons that any service may give. */
export const fail = failures('moa', {
  TOKEN_MISSING: status.UNAUTHENTICATED,
  TOKEN_REFUSED: status.UNAUTHENTICATED,
  CALLER_NOT_ALLOWED: status.PERMISSION_DENIED,
  FRESH_AUTH_NEEDED: {
    code: status.PERMISSION_DENIED,
    ko: '본인 확인을 다시 해 주세요.',
    en: 'Please confirm once more that it is you.',
  },
  REQUEST_INVALID: status.INVALID_ARGUMENT,
  REQUEST_ID_REUSED: status.INVALID_ARGUMENT,
  REQUEST_IN_PROGRESS: status.ABORTED,
  PAGE_TOKEN_INVALID: status.INVALID_ARGUMENT,
  TIMEOUT: status.DEADLINE_EXCEEDED,
  CANCELED: status.CANCELLED,
  OVERLOADED: { code: status.RESOURCE_EXHAUSTED, ko: '잠시 후 다시 시도해 주세요.', en: 'Please try again in a moment.' },
  // Of streams: who reads too little, who has too many open, and what has said nothing for too long.
  READER_TOO_SLOW: status.RESOURCE_EXHAUSTED,
  STREAMS_TOO_MANY: status.RESOURCE_EXHAUSTED,
  STREAM_IDLE: status.UNAVAILABLE,
  KEYS_UNAVAILABLE: status.UNAVAILABLE,
  SERVICE_UNAVAILABLE: { code: status.UNAVAILABLE, ko: '잠시 후 다시 시도해 주세요.', en: 'Please try again in a moment.' },
});

/** INVALID_ARGUMENT with each field at fault. */
export const invalid = (violations: readonly FieldViolation[]): Failure => fail('REQUEST_INVALID', {}, { violations });

/** What goes over the wire: google.rpc.Status in grpc-status-details-bin. Anything but a Failure leaves as a bare INTERNAL. */
export function toGrpcError(error: unknown, requestId: string): { code: status; details: string; metadata: Metadata } {
  const metadata = new Metadata();
  if (!(error instanceof Failure)) return { code: status.INTERNAL, details: 'internal error', metadata };
  const { code, domain, reason, facts, more, texts } = error;
  const details = [any(ErrorInfo, { reason, domain, metadata: stringsOf(facts) }), any(RequestInfo, { requestId, servingData: '' })];
  if (more.violations?.length) details.push(any(BadRequest, BadRequest.fromPartial({ fieldViolations: [...more.violations] })));
  if (more.retryAfterMs !== undefined) details.push(any(RetryInfo, { retryDelay: durationOf(more.retryAfterMs) }));
  if (texts) {
    details.push(any(LocalizedMessage, { locale: 'ko', message: texts.ko }));
    details.push(any(LocalizedMessage, { locale: 'en', message: texts.en }));
  }
  metadata.set('grpc-status-details-bin', Buffer.from(Status.encode({ code, message: reason, details }).finish()));
  return { code, details: reason, metadata };
}

/** Another service's refusal as it was meant; what it did not foresee, or its absence, as what that is to us. */
export function fromGrpcError(error: ServiceError): Error {
  const told = failureIn(error);
  if (told) return told;
  if (error.code === status.UNAVAILABLE) return fail('SERVICE_UNAVAILABLE', {}, { retryAfterMs: 1_000 });
  if (error.code === status.DEADLINE_EXCEEDED) return fail('TIMEOUT');
  return error;
}

function failureIn({ code, metadata }: ServiceError): Failure | undefined {
  const bytes = metadata?.get('grpc-status-details-bin')[0];
  if (bytes === undefined) return undefined;
  try {
    const { details } = Status.decode(bytes as Buffer);
    const all = <T>(type: MessageType<T>): T[] =>
      details.filter(({ typeUrl }) => typeUrl === typeUrlOf(type)).map(({ value }) => type.decode(value));
    const [info] = all(ErrorInfo);
    if (!info) return undefined;
    const texts = new Map(all(LocalizedMessage).map(({ locale, message }) => [locale, message]));
    const [ko, en] = [texts.get('ko'), texts.get('en')];
    const [violations, delay] = [all(BadRequest)[0]?.fieldViolations, all(RetryInfo)[0]?.retryDelay];
    return new Failure(info.domain, info.reason, ko !== undefined && en !== undefined ? { code, ko, en } : code, info.metadata, {
      ...(violations && { violations }),
      ...(delay && { retryAfterMs: Number(delay.seconds) * 1000 + delay.nanos / 1e6 }),
    });
  } catch {
    // No details that could be read: it is what its code says.
    return undefined;
  }
}

const typeUrlOf = (type: { readonly $type?: string }) => `type.googleapis.com/${type.$type}`;

const any = <T>(type: MessageType<T>, message: T) => ({
  typeUrl: typeUrlOf(type),
  value: type.encode(message).finish(),
});

const stringsOf = (facts: Facts) => Object.fromEntries(Object.entries(facts).map(([name, fact]) => [name, String(fact)]));

const durationOf = (ms: number): Duration => ({ seconds: BigInt(Math.floor(ms / 1000)), nanos: Math.round(ms % 1000) * 1_000_000 });
