import { randomUUID } from 'node:crypto';
import type { Behaviour } from '../cards.js';
import type { Faults } from '../faults.js';
import { feeBack } from '../fee.js';
import { neededKey, wholeField } from '../fields.js';
import { type ApiAnswer, ApiError, type ApiRequest, type Route } from '../http.js';
import type { Ledger } from '../provider.js';
import type { Charge, Refund } from '../types.js';
import { answered, deliveryOf, eventOf, hang, TENTH_MS, untilGone } from './answers.js';

export function refundRoutes(ledger: Ledger, faults: Faults): Route[] {
  const { books, record, settled } = ledger;
  async function refund(request: ApiRequest): Promise<ApiAnswer | undefined> {
    const key = neededKey(request);
    let charge = chargeIn(request);
    const earlier = books.refundedBy(key);
    if (earlier) {
      const same = earlier.refunds.find(({ idempotencyKey }) => idempotencyKey === key)!;
      if (earlier.id !== charge.id || (request.body.amountMinor !== undefined && request.body.amountMinor !== same.amountMinor))
        throw new ApiError(409, 'idempotency_key_reused', 'This Idempotency-Key came with another refund before.');
      await settled();
      return { status: 200, body: earlier };
    }
    const behaviour = faults.pick('REFUND', key, { kind: 'PLAIN', parameter: 0 });
    if (behaviour.kind === 'TIMEOUT_BEFORE') return hang(request.gone);
    if (behaviour.kind === 'ERROR_ONCE') throw new ApiError(500, 'internal', 'Something went wrong at the provider.');
    // The card's bank is faster.
    if (behaviour.kind === 'CHARGEBACK') charge = await chargeBack(ledger, charge);
    const left = leftOf(charge);
    // Without an amount: all that is left.
    const amountMinor = request.body.amountMinor === undefined ? left : wholeField(request.body, 'amountMinor', 1, charge.amountMinor);
    if (amountMinor > left || left === 0)
      throw new ApiError(409, 'refund_too_large', `Only ${left} of this charge is left.`, 'amountMinor');

    const time = new Date().toISOString();
    const feeMinor = feeBack(charge.amountMinor, charge.feeMinor, charge.amountMinor - left, amountMinor);
    const made: Refund = { id: `re_${randomUUID()}`, idempotencyKey: key, amountMinor, feeMinor, createTime: time };
    const refunded: Charge = {
      ...charge,
      state: amountMinor === left ? 'CANCELED' : 'PARTIALLY_REFUNDED',
      refunds: [...charge.refunds, made],
    };
    const event = eventOf('charge.refunded', refunded, time);
    await record({ kind: 'REFUND', charge: refunded, refund: made, event, delivery: deliveryOf(behaviour) });
    return answered({ status: 200, body: refunded }, behaviour, request.gone);
  }

  function chargeIn({ params: [id = ''] }: ApiRequest): Charge {
    const charge = books.charge(id);
    if (!charge) throw new ApiError(404, 'charge_not_found', 'There is no such charge.');
    if (charge.state === 'DECLINED') throw new ApiError(409, 'charge_not_paid', 'A declined charge has nothing to give back.');
    return charge;
  }

  return [
    { method: 'POST', path: '/v1/charges/:/refunds', handle: refund },
    {
      method: 'POST',
      path: '/v1/charges/:/chargeback',
      handle: async (request): Promise<ApiAnswer> => ({ status: 200, body: await chargeBack(ledger, chargeIn(request)) }),
    },
  ];
}

/** What the bank of a card's holder does: takes back what has not been given back yet. */
export async function chargeBack({ record }: Ledger, charge: Charge): Promise<Charge> {
  const amountMinor = leftOf(charge);
  if (amountMinor === 0) throw new ApiError(409, 'charge_not_paid', 'Nothing of this charge is left.');
  const time = new Date().toISOString();
  const taken: Charge = { ...charge, state: 'CHARGED_BACK', chargebackTime: time };
  const event = eventOf('charge.charged_back', taken, time);
  await record({ kind: 'CHARGEBACK', charge: taken, amountMinor, event, delivery: { kind: 'PLAIN' } });
  return taken;
}

/** Takes a new charge back if its card, or a fault, says so. Forgotten when the provider stops meanwhile, or when nothing is left to take. */
export async function chargeBackAsAsked(ledger: Ledger, id: string, { kind, parameter }: Behaviour, stopping: AbortSignal): Promise<void> {
  if (kind !== 'CHARGEBACK') return;
  await untilGone(stopping, parameter * TENTH_MS);
  if (!stopping.aborted) await chargeBack(ledger, ledger.books.charge(id)!).catch(() => {});
}

function leftOf({ state, amountMinor, refunds }: Charge): number {
  return state === 'CHARGED_BACK' ? 0 : amountMinor - refunds.reduce((sum, refund) => sum + refund.amountMinor, 0);
}
