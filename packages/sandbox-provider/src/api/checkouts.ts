// Orders that wait at the payment page: opened and closed by the merchant.
import { randomUUID } from 'node:crypto';
import { currencyField, MAX_AMOUNT_MINOR, textField, wholeField } from '../fields.js';
import { type ApiAnswer, ApiError, type ApiRequest, type Route } from '../http.js';
import type { Ledger } from '../provider.js';
import type { Charge, Checkout } from '../types.js';

const MAX_LIFETIME_MS = 7 * 86_400_000;
const WEB_ADDRESS = /^https?:$/;

/** The charge of an order that was approved at the page. */
export const approvedOf = (charges: readonly Charge[]): Charge | undefined => charges.find(({ state }) => state !== 'DECLINED');

/** `pageUrl` gives the address of a checkout's page. */
export function checkoutRoutes({ books, record, settled }: Ledger, pageUrl: (id: string) => string): Route[] {
  async function open({ body }: ApiRequest): Promise<ApiAnswer> {
    const asked = {
      orderId: textField(body, 'orderId'),
      orderName: textField(body, 'orderName'),
      amountMinor: wholeField(body, 'amountMinor', 1, MAX_AMOUNT_MINOR),
      currency: currencyField(body, 'currency'),
      returnUrl: textField(body, 'returnUrl', MAX_URL_LENGTH),
    };
    const lifetimeMs = wholeField(body, 'lifetimeMs', 1, MAX_LIFETIME_MS);
    if (!URL.canParse(asked.returnUrl) || !WEB_ADDRESS.test(new URL(asked.returnUrl).protocol))
      throw new ApiError(400, 'invalid_request', 'returnUrl is a web address.', 'returnUrl');
    const earlier = books.checkoutOf(asked.orderId);
    if (earlier) {
      const same = (Object.keys(asked) as (keyof typeof asked)[]).every((field) => asked[field] === earlier[field]);
      if (!same) throw new ApiError(409, 'order_id_reused', 'This order came with another body before.');
      return shown(earlier);
    }
    const now = Date.now();
    const checkout: Checkout = {
      id: `co_${randomUUID()}`,
      ...asked,
      createTime: new Date(now).toISOString(),
      expireTime: new Date(now + lifetimeMs).toISOString(),
    };
    await record({ kind: 'CHECKOUT', checkout });
    return shown(checkout);
  }

  async function close(request: ApiRequest): Promise<ApiAnswer> {
    const checkout = checkoutIn(request);
    // What was approved before stays so.
    if (checkout.closeTime || approvedOf(books.chargesOf(checkout.orderId))) return shown(checkout);
    const closed = { ...checkout, closeTime: new Date().toISOString() };
    await record({ kind: 'CHECKOUT', checkout: closed });
    return shown(closed);
  }

  function checkoutIn({ params: [orderId = ''] }: ApiRequest): Checkout {
    const checkout = books.checkoutOf(orderId);
    if (!checkout) throw new ApiError(404, 'checkout_not_found', 'There is no checkout of this order.');
    return checkout;
  }

  async function shown(checkout: Checkout): Promise<ApiAnswer> {
    const charge = approvedOf(books.chargesOf(checkout.orderId));
    await settled();
    return { status: 200, body: { ...checkout, url: pageUrl(checkout.id), ...(charge && { charge }) } };
  }

  return [
    { method: 'POST', path: '/v1/checkouts', handle: open },
    { method: 'GET', path: '/v1/checkouts/:', handle: async (request) => shown(checkoutIn(request)) },
    { method: 'POST', path: '/v1/checkouts/:/close', handle: close },
  ];
}

const MAX_URL_LENGTH = 2_000;
