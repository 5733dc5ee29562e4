import { createHmac } from 'node:crypto';
import {
  type FundingPaymentServiceDefinition,
  type RegisterBillingMethodRequest,
  RegisterBillingMethodResponse,
} from '@moa/contracts/payment/v1/payment_service';
import { type Call, claimFirst, crashPoint, type Handler, invalid } from '@moa/kit';
import { billingMethodToProto } from '../convert.js';
import { fail } from '../errors.js';
import {
  type AuthorizedCard,
  type Card,
  CardRefused,
  OutcomeUnknown,
  type PaymentProvider,
  type RegisteredCard,
} from '../provider/port.js';
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

      // A crash after this leaves the provider with a key that nobody has: nothing can be charged to it.
      const card = await register(provider, givenCard(request, accountId));
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

function givenCard({ cardNumber, expiryMonth, expiryYear, authKey, ownerNumber }: RegisterBillingMethodRequest, holderId: string) {
  // The contract lets each be empty, and has no word for "either or".
  const missing = authKey ? [] : [!cardNumber && 'card_number', !expiryMonth && 'expiry_month', !expiryYear && 'expiry_year'];
  const wrong = authKey && cardNumber ? ['auth_key'] : missing.filter((field) => field !== false);
  if (wrong.length > 0) throw invalid(wrong.map((field) => ({ field, description: 'a card number with its expiry, or an auth key' })));
  return authKey ? { authKey, holderId } : { cardNumber, expiryMonth, expiryYear, holderId, ownerNumber };
}

async function register(provider: PaymentProvider, card: Card | AuthorizedCard): Promise<RegisteredCard> {
  try {
    return await provider.registerCard(card);
  } catch (error) {
    if (error instanceof OutcomeUnknown) throw fail('PROVIDER_UNAVAILABLE', {}, { retryAfterMs: RETRY_MS });
    if (!(error instanceof CardRefused)) throw error;
    const field = 'authKey' in card ? 'auth_key' : fields[error.reason];
    throw fail(error.reason, {}, { violations: [{ field, description: error.reason }] });
  }
}
