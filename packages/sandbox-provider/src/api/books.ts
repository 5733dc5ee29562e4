import { ApiError, type Route } from '../http.js';
import type { Ledger } from '../provider.js';

const DEFAULT_PAGE = 100;
const MAX_PAGE = 1_000;

export function bookRoutes({ books, settled }: Ledger): Route[] {
  return [
    {
      method: 'GET',
      path: '/v1/books',
      async handle({ query }) {
        const after = wholeParameter(query, 'after', 0, Number.MAX_SAFE_INTEGER);
        const limit = wholeParameter(query, 'limit', DEFAULT_PAGE, MAX_PAGE);
        const entries = books.entriesAfter(after, limit);
        await settled();
        const last = entries.at(-1);
        return { status: 200, body: { entries, ...(last && entries.length === limit ? { nextCursor: last.cursor } : {}) } };
      },
    },
    {
      method: 'GET',
      path: '/v1/books/totals',
      async handle() {
        const body = { totals: books.totals(), pendingWebhooks: books.pendingEvents().length };
        await settled();
        return { status: 200, body };
      },
    },
  ];
}

function wholeParameter(query: URLSearchParams, name: string, otherwise: number, most: number): number {
  const text = query.get(name);
  if (text === null || text === '') return otherwise;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0 || value > most) {
    throw new ApiError(400, 'invalid_request', `${name} is a whole number from 0 to ${most}.`, name);
  }
  return value;
}
