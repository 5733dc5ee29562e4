// What an error of openid-client means to the caller. Whatever is wrong with a code or a token is one refusal: it helps nobody honest to
// hear more, and the log has the rest.
import type { Failure } from '@moa/kit';
import { AuthorizationResponseError, ClientError, ResponseBodyError, WWWAuthenticateChallengeError } from 'openid-client';
import { fail } from '../errors.js';

const RETRY_MS = 5_000;
const TOO_MANY_REQUESTS = 429;
const SERVER_ERROR = 500;
// OAuth's own words (RFC 6749, 4.1.2.1) for what else is a 503 or a 500.
const AWAY = ['temporarily_unavailable', 'server_error'];

export const providerUnavailable = (): Failure => fail('PROVIDER_UNAVAILABLE', {}, { retryAfterMs: RETRY_MS });

/** Undefined for what is none of the provider's doing. */
export function refusalOf(error: unknown): Failure | undefined {
  if (error instanceof AuthorizationResponseError) {
    if (error.error === 'access_denied') return fail('OAUTH_DENIED');
    return AWAY.includes(error.error) ? providerUnavailable() : fail('OAUTH_REFUSED');
  }
  if (isAway(error)) return providerUnavailable();
  const isRefused = [ClientError, ResponseBodyError, WWWAuthenticateChallengeError].some((kind) => error instanceof kind);
  return isRefused ? fail('OAUTH_REFUSED') : undefined;
}

/** What the log may have of it: the library's words, and the provider's code. Claims and tokens hang on the errors, too. */
export function factsOf(error: unknown): Record<string, unknown> {
  const { message, code, error: said, cause } = error as Error & { readonly code?: string; readonly error?: string };
  return { why: cause instanceof Error ? cause.message : message, code, said };
}

function isAway(error: unknown): boolean {
  // fetch tells of a broken connection by a TypeError with a cause; one without is a mistake of ours.
  if (error instanceof TypeError) return error.cause !== undefined;
  if (error instanceof ClientError && error.code === 'OAUTH_TIMEOUT') return true;
  const { status, cause } = error as { readonly status?: number; readonly cause?: unknown };
  const answered = status ?? (cause instanceof Response ? cause.status : undefined);
  return answered !== undefined && (answered >= SERVER_ERROR || answered === TOO_MANY_REQUESTS);
}
