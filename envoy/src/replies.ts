// What Envoy itself answers, said as a service would: HTTP 200, a gRPC code, and a google.rpc.Status with its reason. Clients of gRPC-Web
// judge by the HTTP status first, and would take a 429 for UNAVAILABLE.
import type { Rpc } from '@moa/contracts/descriptors';
import { ErrorInfo, LocalizedMessage, RetryInfo } from '@moa/contracts/google/rpc/error_details';
import { Status } from '@moa/contracts/google/rpc/status';
import type { MessageType } from '@moa/contracts/method';
import { oddToken } from './access.js';
import type { Edge } from './edge.js';
import { DEFAULT_RATE, fillMsOf } from './limits.js';
import { extension } from './typed.js';

interface Reply {
  /** What Envoy would say over HTTP, and does to callers who do not speak gRPC. */
  readonly http: readonly number[];
  readonly code: number;
  readonly reason: string;
  /** Only if this holds, too. */
  readonly given?: object;
  readonly retryAfterMs?: number;
}

const [INVALID_ARGUMENT, DEADLINE_EXCEEDED, PERMISSION_DENIED, RESOURCE_EXHAUSTED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, UNAUTHENTICATED] =
  [3, 4, 7, 8, 12, 13, 14, 16];
const RETRY_AFTER_MS = 1_000;
const TOO_OFTEN = { http: [429], code: RESOURCE_EXHAUSTED, reason: 'CALLED_TOO_OFTEN', retryAfterMs: RETRY_AFTER_MS };
const AGAIN = { ko: '잠시 후 다시 시도해 주세요.', en: 'Please try again in a moment.' };

// Reasons that services give, too, mean the same here.
const replies: readonly Reply[] = [
  { http: [400], code: INVALID_ARGUMENT, reason: 'REQUEST_MALFORMED' },
  {
    http: [401],
    code: UNAUTHENTICATED,
    reason: 'TOKEN_MISSING',
    given: { header_filter: { header: { name: 'authorization', present_match: false } } },
  },
  // Not the token's fault: its key could not be had.
  { http: [401], code: UNAVAILABLE, reason: 'KEYS_UNAVAILABLE', given: detailsContain('Jwks_remote_fetch'), retryAfterMs: RETRY_AFTER_MS },
  { http: [401], code: UNAUTHENTICATED, reason: 'TOKEN_REFUSED' },
  // A token for somebody else is as bad as a forged one, and not a matter of roles.
  { http: [403], code: UNAUTHENTICATED, reason: 'TOKEN_REFUSED', given: detailsContain('jwt_authn_access_denied') },
  {
    http: [403],
    code: UNAUTHENTICATED,
    reason: 'TOKEN_REFUSED',
    given: { and_filter: { filters: oddToken.map((header) => ({ header_filter: { header } })) } },
  },
  { http: [403], code: PERMISSION_DENIED, reason: 'CALLER_NOT_ALLOWED' },
  { http: [404, 405], code: UNIMPLEMENTED, reason: 'METHOD_UNKNOWN' },
  { http: [408, 504], code: DEADLINE_EXCEEDED, reason: 'TIMEOUT' },
  { http: [413, 431], code: RESOURCE_EXHAUSTED, reason: 'REQUEST_TOO_LARGE' },
  TOO_OFTEN,
  { http: [502, 503], code: UNAVAILABLE, reason: 'SERVICE_UNAVAILABLE', retryAfterMs: RETRY_AFTER_MS },
  { http: [500], code: INTERNAL, reason: 'EDGE_FAILED' },
];

const SERVICES_REASONS = new Set([
  'TOKEN_MISSING',
  'TOKEN_REFUSED',
  'CALLER_NOT_ALLOWED',
  'KEYS_UNAVAILABLE',
  'TIMEOUT',
  'SERVICE_UNAVAILABLE',
]);

/** Every reason that Envoy gives, and its gRPC code. */
export const edgeReasons: ReadonlyMap<string, number> = new Map(replies.map(({ reason, code }) => [reason, code]));

export const localReplies = (rpcs: readonly Rpc[], edge: Edge) => ({
  mappers: [...slowLimits(rpcs, edge), ...replies].flatMap((reply) => reply.http.map((http) => mapper(reply, http))),
});

// Where the next call is more than a second away, the caller is told how far.
const slowLimits = (rpcs: readonly Rpc[], { rateFactor }: Edge): Reply[] =>
  rpcs
    .filter(({ access }) => access.$case !== 'internal')
    .map(({ path, rate = DEFAULT_RATE }) => ({ path, retryAfterMs: fillMsOf(rate, rateFactor) }))
    .filter(({ retryAfterMs }) => retryAfterMs > RETRY_AFTER_MS)
    .map(({ path, retryAfterMs }) => ({
      ...TOO_OFTEN,
      retryAfterMs,
      given: { header_filter: { header: { name: ':path', string_match: { exact: path } } } },
    }));

function mapper({ code, reason, given, retryAfterMs }: Reply, http: number) {
  return {
    filter: {
      and_filter: {
        filters: [
          { status_code_filter: { comparison: { op: 'EQ', value: { default_value: http, runtime_key: `moa.reply.${http}` } } } },
          { header_filter: { header: { name: 'content-type', string_match: { prefix: 'application/grpc' } } } },
          ...(given ? [given] : []),
        ],
      },
    },
    status_code: 200,
    headers_to_add: [
      header('grpc-status', String(code)),
      header('grpc-message', reason),
      header('grpc-status-details-bin', statusDetails(code, reason, retryAfterMs)),
    ],
    // The words of Envoy, which services do not use, are in its log.
    body_format_override: { content_type: 'application/grpc-web+proto', text_format_source: { inline_string: '' } },
  };
}

function detailsContain(text: string) {
  const expression = `response.code_details.contains('${text}')`;
  return {
    extension_filter: extension(
      'envoy.access_loggers.extension_filters.cel',
      'envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter',
      { expression },
    ),
  };
}

const header = (key: string, value: string) => ({ header: { key, value }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' });

function statusDetails(code: number, reason: string, retryAfterMs: number | undefined): string {
  const domain = SERVICES_REASONS.has(reason) ? 'moa' : 'moa.edge';
  const details = [any(ErrorInfo, { reason, domain, metadata: {} })];
  if (retryAfterMs !== undefined) {
    details.push(any(RetryInfo, { retryDelay: { seconds: BigInt(Math.ceil(retryAfterMs / 1_000)), nanos: 0 } }));
    details.push(...Object.entries(AGAIN).map(([locale, message]) => any(LocalizedMessage, { locale, message })));
  }
  return Buffer.from(Status.encode({ code, message: reason, details }).finish()).toString('base64');
}

const any = <T>(type: MessageType<T>, message: T) => ({
  typeUrl: `type.googleapis.com/${type.$type}`,
  value: type.encode(message).finish(),
});
