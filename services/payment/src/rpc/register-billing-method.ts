import { createHmac } from 'node:crypto';
import { type FundingPaymentServiceDefinition, RegisterBillingMethodResponse } from '@moa/contracts/payment/v1/payment_service';
import { type Call, claimFirst, crashPoint, type Handler } from '@moa/kit';
import { billingMethodToProto } from '../convert.js';
import { fail } from '../errors.js';
import { type Card, CardRefused, OutcomeUnknown, type PaymentProvider, type RegisteredCard } from '../provider/port.js';
import type { Context } from '../service.js';
import { addBillingMethod, findByRequest } from '../store/billing-methods.js';

type RegisterBillingMethod = Handler<typeof FundingPaymentServiceDefinition.methods.registerBillingMethod>;

const RETRY_MS = 1_000;
// The field at fault, where the person can mend it.
const fields = { CARD_INVALID: 'card_number', CARD_EXPIRED: 'expiry_year', CARD_REFUSED: 'card_number' };

export const registerBillingMethod =
  ({ db, provider, providerKey }: Context): RegisterBillingMethod =>
  (request, call) =>
    claimFirst(db, withoutCard(call, providerKey.reveal()), RegisterBillingMethodResponse, async () => {
      const { accountId } = call.caller;
      const earlier = await findByRequest(db, accountId, request.requestId);
      if (earlier) return { billingMethod: billingMethodToProto(earlier) };

      const { cardNumber, expiryMonth, expiryYear } = request;
      // A crash after this leaves the provider with a key that nobody has: nothing can be charged to it.
      const card = await register(provider, { cardNumber, expiryMonth, expiryYear, holderId: accountId });
      crashPoint('payment.card.registered');
      const method = await addBillingMethod(db, call, accountId, request.requestId, card);
      crashPoint('payment.card.stored');
      return { billingMethod: billingMethodToProto(method) };
    });

// A claim keeps a hash of its request. Who has that and the last digits finds the card's number by trying, so it is keyed.
function withoutCard(call: Call, key: string): Pick<Call, 'at' | 'trace' | 'claim'> {
  const { at, trace, claim } = call;
  return { at, trace, claim: { ...claim, hash: createHmac('sha256', key).update(`card request ${claim.hash}`).digest('hex') } };
}

async function register(provider: PaymentProvider, card: Card): Promise<RegisteredCard> {
  try {
    return await provider.registerCard(card);
  } catch (error) {
    if (error instanceof OutcomeUnknown) throw fail('PROVIDER_UNAVAILABLE', {}, { retryAfterMs: RETRY_MS });
    if (!(error instanceof CardRefused)) throw error;
    throw fail(error.reason, {}, { violations: [{ field: fields[error.reason], description: error.reason }] });
  }
}
