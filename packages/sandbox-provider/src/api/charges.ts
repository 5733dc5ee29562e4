import { randomUUID } from 'node:crypto';
import type { Faults } from '../faults.js';
import { feeOf } from '../fee.js';
import { currencyField, MAX_AMOUNT_MINOR, neededKey, textField, wholeField } from '../fields.js';
import { type ApiAnswer, ApiError, type ApiRequest, type Route } from '../http.js';
import type { Ledger } from '../provider.js';
import type { Charge } from '../types.js';
import { answered, deliveryOf, eventOf, hang, repeated } from './answers.js';
import { chargeBackAsAsked } from './refunds.js';

export function chargeRoutes(ledger: Ledger, faults: Faults, stopping: AbortSignal): Route[] {
  const { books, record, settled } = ledger;

  async function createCharge(request: ApiRequest): Promise<ApiAnswer | undefined> {
    const idempotencyKey = neededKey(request);
    const asked = {
      billingKey: textField(request.body, 'billingKey'),
      amountMinor: wholeField(request.body, 'amountMinor', 1, MAX_AMOUNT_MINOR),
      currency: currencyField(request.body, 'currency'),
      orderId: textField(request.body, 'orderId'),
    };
    const earlier = books.chargeByIdempotencyKey(idempotencyKey);
    if (earlier) return repeated(earlier, asked, settled);
    const card = books.billingKey(asked.billingKey);
    if (!card) throw new ApiError(404, 'billing_key_not_found', 'There is no such billing key.', 'billingKey');

    const behaviour = faults.pick('CHARGE', idempotencyKey, card.behaviour);
    if (behaviour.kind === 'TIMEOUT_BEFORE') return hang(request.gone);
    if (behaviour.kind === 'ERROR_ONCE') throw new ApiError(500, 'internal', 'Something went wrong at the provider.');

    const time = new Date().toISOString();
    const declined =
      behaviour.kind === 'DECLINE' || (behaviour.kind === 'DECLINE_FIRST' && books.chargesOn(card.billingKey) < behaviour.parameter);
    const charge: Charge = {
      id: `ch_${randomUUID()}`,
      state: declined ? 'DECLINED' : 'SUCCEEDED',
      ...asked,
      feeMinor: declined ? 0 : feeOf(asked.amountMinor),
      idempotencyKey,
      ...(declined ? { declineCode: 'insufficient_funds' } : {}),
      createTime: time,
      refunds: [],
    };
    const event = eventOf(declined ? 'charge.declined' : 'charge.succeeded', charge, time);
    await record({ kind: 'CHARGE', charge, event, delivery: deliveryOf(behaviour) });
    void chargeBackAsAsked(ledger, charge.id, behaviour, stopping);
    return answered({ status: 200, body: charge }, behaviour, request.gone);
  }

  async function findCharge({ query }: ApiRequest): Promise<ApiAnswer> {
    const key = query.get('idempotencyKey');
    if (!key) throw new ApiError(400, 'invalid_request', 'idempotencyKey is needed.', 'idempotencyKey');
    return shown(books.chargeByIdempotencyKey(key));
  }

  async function shown(charge: Charge | undefined): Promise<ApiAnswer> {
    if (!charge) throw new ApiError(404, 'charge_not_found', 'There is no such charge.');
    await settled();
    return { status: 200, body: charge };
  }

  return [
    { method: 'POST', path: '/v1/charges', handle: createCharge },
    { method: 'GET', path: '/v1/charges', handle: findCharge },
    { method: 'GET', path: '/v1/charges/:', handle: ({ params: [id = ''] }) => shown(books.charge(id)) },
  ];
}
