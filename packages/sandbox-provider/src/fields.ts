// Reads fields of a request, each with a clear error.

import { ApiError, type ApiRequest } from './http.js';

const MAX_TEXT_LENGTH = 200;
export const MAX_AMOUNT_MINOR = 1_000_000_000_000;

function invalid(field: string, message: string): ApiError {
  return new ApiError(400, 'invalid_request', message, field);
}

export function textField(body: ApiRequest['body'], field: string, most = MAX_TEXT_LENGTH): string {
  const value = body[field];
  if (typeof value !== 'string' || value === '' || value.length > most) {
    throw invalid(field, `${field} is a text of 1 to ${most} characters.`);
  }
  return value;
}

export function wholeField(body: ApiRequest['body'], field: string, least: number, most: number): number {
  const value = body[field];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least || value > most) {
    throw invalid(field, `${field} is a whole number from ${least} to ${most}.`);
  }
  return value;
}

export function currencyField(body: ApiRequest['body'], field: string): string {
  const value = body[field];
  if (typeof value !== 'string' || !/^[A-Z]{3}$/.test(value)) throw invalid(field, `${field} is an ISO 4217 code.`);
  return value;
}

export function neededKey(request: ApiRequest): string {
  const key = request.idempotencyKey;
  if (!key || key.length > MAX_TEXT_LENGTH) {
    throw new ApiError(400, 'idempotency_key_required', `Idempotency-Key is a header of 1 to ${MAX_TEXT_LENGTH} characters.`);
  }
  return key;
}
