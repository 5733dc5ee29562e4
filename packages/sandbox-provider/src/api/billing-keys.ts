import { randomUUID } from 'node:crypto';
import { behaviourOf, brandOf, isCardNumber } from '../cards.js';
import { textField, wholeField } from '../fields.js';
import { ApiError, type Route } from '../http.js';
import type { Ledger } from '../provider.js';
import type { BillingKey, StoredBillingKey } from '../types.js';

export function billingKeyRoutes({ books, record, settled }: Ledger): Route[] {
  return [
    {
      method: 'POST',
      path: '/v1/billing-keys',
      async handle({ body }) {
        const cardNumber = textField(body, 'cardNumber').replaceAll(/[ -]/g, '');
        const expiryMonth = wholeField(body, 'expiryMonth', 1, 12);
        const expiryYear = wholeField(body, 'expiryYear', 2000, 2100);
        const holderId = textField(body, 'holderId');
        if (!isCardNumber(cardNumber)) throw new ApiError(400, 'card_number_invalid', 'The card number is not valid.', 'cardNumber');
        const now = new Date();
        // A card is good to the end of its month.
        if (Date.UTC(expiryYear, expiryMonth) <= now.getTime())
          throw new ApiError(400, 'card_expired', 'The card has expired.', 'expiryYear');
        const behaviour = behaviourOf(cardNumber);
        if (behaviour.kind === 'REFUSED_AT_REGISTRATION')
          throw new ApiError(402, 'card_refused', 'The issuer refused the card.', 'cardNumber');
        const billingKey: StoredBillingKey = {
          billingKey: `bk_${randomUUID()}`,
          brand: brandOf(cardNumber),
          last4: cardNumber.slice(-4),
          holderId,
          expiryMonth,
          expiryYear,
          createTime: now.toISOString(),
          behaviour,
        };
        await record({ kind: 'BILLING_KEY', billingKey });
        return { status: 201, body: shown(billingKey) };
      },
    },
    {
      method: 'GET',
      path: '/v1/billing-keys/:',
      async handle({ params: [key = ''] }) {
        const billingKey = books.billingKey(key);
        if (!billingKey) throw new ApiError(404, 'billing_key_not_found', 'There is no such billing key.');
        await settled();
        return { status: 200, body: shown(billingKey) };
      },
    },
  ];
}

// How a test card behaves is for the card to show.
function shown({ behaviour: _, ...billingKey }: StoredBillingKey): BillingKey {
  return billingKey;
}
