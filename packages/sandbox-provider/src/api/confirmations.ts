// What a buyer agreed to at the page is charged when the merchant confirms it.
import type { Behaviour } from '../cards.js';
import type { Faults } from '../faults.js';
import { feeOf } from '../fee.js';
import { currencyField, MAX_AMOUNT_MINOR, neededKey, textField, wholeField } from '../fields.js';
import { type ApiAnswer, ApiError, type ApiRequest, type Route } from '../http.js';
import type { Ledger } from '../provider.js';
import type { Authentication, Charge } from '../types.js';
import { answered, deliveryOf, eventOf, hang, repeated } from './answers.js';
import { approvedOf } from './checkouts.js';
import { chargeBackAsAsked } from './refunds.js';

export function confirmationRoutes(ledger: Ledger, faults: Faults, stopping: AbortSignal): Route[] {
  const { books, record, settled } = ledger;

  async function confirm(request: ApiRequest): Promise<ApiAnswer | undefined> {
    const idempotencyKey = neededKey(request);
    const asked = {
      id: textField(request.body, 'paymentKey'),
      orderId: textField(request.body, 'orderId'),
      amountMinor: wholeField(request.body, 'amountMinor', 1, MAX_AMOUNT_MINOR),
      currency: currencyField(request.body, 'currency'),
    };
    const earlier = books.chargeByIdempotencyKey(idempotencyKey);
    if (earlier) return repeated(earlier, asked, settled);
    const { behaviour: card } = authenticated(asked);

    const behaviour = faults.pick('CHARGE', idempotencyKey, card);
    if (behaviour.kind === 'TIMEOUT_BEFORE') return hang(request.gone);
    if (behaviour.kind === 'ERROR_ONCE') throw new ApiError(500, 'internal', 'Something went wrong at the provider.');

    const createTime = new Date().toISOString();
    const declined = declines(behaviour, books.chargesOf(asked.orderId).length);
    const charge: Charge = {
      ...asked,
      state: declined ? 'DECLINED' : 'SUCCEEDED',
      feeMinor: declined ? 0 : feeOf(asked.amountMinor),
      idempotencyKey,
      ...(declined ? { declineCode: 'insufficient_funds' } : {}),
      createTime,
      refunds: [],
    };
    const event = eventOf(declined ? 'payment.declined' : 'payment.approved', charge, createTime);
    await record({ kind: 'CHARGE', charge, event, delivery: deliveryOf(behaviour) });
    void chargeBackAsAsked(ledger, charge.id, behaviour, stopping);
    return answered({ status: 200, body: charge }, behaviour, request.gone);
  }

  // The order and the amount are what the buyer saw at the page, and nothing stands against charging it.
  function authenticated({
    id,
    orderId,
    amountMinor,
    currency,
  }: Pick<Charge, 'id' | 'orderId' | 'amountMinor' | 'currency'>): Authentication {
    const authentication = books.authentication(id);
    const checkout = books.checkoutOf(orderId);
    if (authentication?.orderId !== orderId || checkout?.amountMinor !== amountMinor || checkout.currency !== currency)
      throw new ApiError(409, 'payment_key_mismatch', 'This payment key does not belong to this order and amount.', 'paymentKey');
    if (books.charge(id) || approvedOf(books.chargesOf(orderId)))
      throw new ApiError(409, 'payment_ended', 'This payment was confirmed before.', 'paymentKey');
    if (checkout.closeTime) throw new ApiError(409, 'checkout_closed', 'The merchant has closed this checkout.', 'orderId');
    if (Date.parse(authentication.expireTime) <= Date.now())
      throw new ApiError(409, 'payment_expired', 'The buyer agreed to this too long ago.', 'paymentKey');
    return authentication;
  }

  return [{ method: 'POST', path: '/v1/payments/confirm', handle: confirm }];
}

const declines = ({ kind, parameter }: Behaviour, before: number): boolean =>
  kind === 'DECLINE' || (kind === 'DECLINE_FIRST' && before < parameter);
