// The page at which a buyer pays: shows the order, takes a card, and sends the buyer back to the shop.
import { randomUUID } from 'node:crypto';
import { approvedOf } from '../api/checkouts.js';
import { checkCard } from '../check-card.js';
import { textField, wholeField } from '../fields.js';
import { ApiError, type ApiRequest, type PageAnswer, type Route } from '../http.js';
import type { Ledger } from '../provider.js';
import type { Authentication, Checkout } from '../types.js';
import { noticeHtml, payHtml } from './html.js';
import { type Language, languageOf } from './texts.js';

/** For so long the merchant may confirm what a buyer agreed to. */
const AUTHENTICATED_FOR_MS = 10 * 60_000;

export function pageRoutes({ books, record, settled }: Ledger): Route[] {
  async function show({ params: [id = ''], query, acceptLanguage }: ApiRequest): Promise<PageAnswer> {
    const language = languageOf(query.get('lang'), acceptLanguage);
    const checkout = books.checkout(id);
    await settled();
    return refusal(checkout, language) ?? pageOf(checkout!, 200, payHtml(checkout!, language));
  }

  async function submit({ params: [id = ''], query, acceptLanguage, body }: ApiRequest): Promise<PageAnswer> {
    const language = languageOf(query.get('lang'), acceptLanguage);
    const checkout = books.checkout(id);
    const refused = refusal(checkout, language);
    if (refused) return refused;
    const { orderId, amountMinor } = checkout!;
    // The order stays open: the buyer may come back.
    if (body['action'] === 'cancel') return back(checkout!, { code: 'PAY_PROCESS_CANCELED', message: 'The buyer canceled.', orderId });
    try {
      const authentication = authenticationOf(orderId, body);
      await record({ kind: 'AUTHENTICATION', authentication });
      return back(checkout!, { paymentKey: authentication.paymentKey, orderId, amount: String(amountMinor) });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const { code, field } = error;
      return pageOf(checkout!, 422, payHtml(checkout!, language, { code, field, typed: { ...body, cardNumber: '' } }));
    }
  }

  function refusal(checkout: Checkout | undefined, language: Language): PageAnswer | undefined {
    if (!checkout) return { status: 404, html: noticeHtml(language, 'unknown'), headers: headersFor("'none'") };
    const ended = checkout.closeTime || Date.parse(checkout.expireTime) <= Date.now() || approvedOf(books.chargesOf(checkout.orderId));
    return ended ? pageOf(checkout, 410, noticeHtml(language, 'ended')) : undefined;
  }

  return [
    { method: 'GET', path: '/pay/:', forBrowsers: true, handle: show },
    { method: 'POST', path: '/pay/:', forBrowsers: true, handle: submit },
  ];
}

function authenticationOf(orderId: string, form: ApiRequest['body']): Authentication {
  const whole = (field: string) => ({ [field]: Number(form[field] || Number.NaN) });
  const now = new Date();
  const card = checkCard(
    textField(form, 'cardNumber'),
    wholeField(whole('expiryMonth'), 'expiryMonth', 1, 12),
    wholeField(whole('expiryYear'), 'expiryYear', 2000, 2100),
    now,
  );
  return { paymentKey: `pay_${randomUUID()}`, orderId, ...card, expireTime: new Date(now.getTime() + AUTHENTICATED_FOR_MS).toISOString() };
}

const pageOf = ({ returnUrl }: Checkout, status: number, html: string): PageAnswer => ({
  status,
  html,
  // Browsers hold a redirect after a form to the same rule as the form.
  headers: headersFor(`'self' ${new URL(returnUrl).origin}`),
});

const headersFor = (formAction: string): Record<string, string> => ({
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'content-security-policy': `default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; form-action ${formAction}`,
});

function back({ returnUrl }: Checkout, parameters: Readonly<Record<string, string>>): PageAnswer {
  const url = new URL(returnUrl);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return { status: 303, html: '', headers: { location: url.href, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' } };
}
