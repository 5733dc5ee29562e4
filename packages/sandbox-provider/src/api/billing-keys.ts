import { randomUUID } from 'node:crypto';
import { checkCard } from '../check-card.js';
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
        const cardNumber = textField(body, 'cardNumber');
        const expiryMonth = wholeField(body, 'expiryMonth', 1, 12);
        const expiryYear = wholeField(body, 'expiryYear', 2000, 2100);
        const holderId = textField(body, 'holderId');
        const now = new Date();
        const card = checkCard(cardNumber, expiryMonth, expiryYear, now);
        const billingKey: StoredBillingKey = {
          billingKey: `bk_${randomUUID()}`,
          ...card,
          holderId,
          expiryMonth,
          expiryYear,
          createTime: now.toISOString(),
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
