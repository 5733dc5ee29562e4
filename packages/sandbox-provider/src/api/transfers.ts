import { randomUUID } from 'node:crypto';
import type { Faults } from '../faults.js';
import { currencyField, MAX_AMOUNT_MINOR, neededKey, textField, wholeField } from '../fields.js';
import { type ApiAnswer, ApiError, type ApiRequest, type Route } from '../http.js';
import type { Ledger } from '../provider.js';
import type { Transfer } from '../types.js';
import { answered, hang } from './answers.js';

// An account whose number ends like this has been closed.
const CLOSED = '0000';

/** The bank: money of the merchant's to somebody's account. */
export function transferRoutes({ books, record, settled }: Ledger, faults: Faults): Route[] {
  async function transfer(request: ApiRequest): Promise<ApiAnswer | undefined> {
    const idempotencyKey = neededKey(request);
    const asked = {
      bankCode: textField(request.body, 'bankCode'),
      accountNumber: textField(request.body, 'accountNumber'),
      holderName: textField(request.body, 'holderName'),
      currency: currencyField(request.body, 'currency'),
      amountMinor: wholeField(request.body, 'amountMinor', 1, MAX_AMOUNT_MINOR),
    };
    const earlier = books.transferByIdempotencyKey(idempotencyKey);
    if (earlier) {
      const same = (Object.keys(asked) as (keyof typeof asked)[]).every((field) => asked[field] === earlier[field]);
      if (!same) throw new ApiError(409, 'idempotency_key_reused', 'This Idempotency-Key came with another body before.');
      await settled();
      return { status: 200, body: earlier };
    }
    const behaviour = faults.pick('TRANSFER', idempotencyKey, { kind: 'PLAIN', parameter: 0 });
    if (behaviour.kind === 'TIMEOUT_BEFORE') return hang(request.gone);
    if (behaviour.kind === 'ERROR_ONCE') throw new ApiError(500, 'internal', 'Something went wrong at the bank.');
    const refused = behaviour.kind === 'DECLINE' || asked.accountNumber.endsWith(CLOSED);
    const made: Transfer = {
      id: `tr_${randomUUID()}`,
      state: refused ? 'REFUSED' : 'MADE',
      ...(refused ? { code: 'account_closed' } : {}),
      ...asked,
      idempotencyKey,
      createTime: new Date().toISOString(),
    };
    await record({ kind: 'TRANSFER', transfer: made });
    return answered({ status: 200, body: made }, behaviour, request.gone);
  }

  return [
    { method: 'POST', path: '/v1/transfers', handle: transfer },
    {
      method: 'GET',
      path: '/v1/transfers',
      async handle({ query }) {
        await settled();
        const key = query.get('idempotencyKey');
        if (key === null) return { status: 200, body: { transfers: books.transfers() } };
        const found = books.transferByIdempotencyKey(key);
        if (!found) throw new ApiError(404, 'transfer_not_found', 'There is no such transfer.');
        return { status: 200, body: found };
      },
    },
  ];
}
