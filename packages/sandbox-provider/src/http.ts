// The small part of HTTP that the API needs: a table of routes, a bearer key, JSON in and out, typed errors; and pages for a browser.

import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

const MAX_BODY_BYTES = 64 * 1024;

export interface ApiRequest {
  readonly params: readonly string[];
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
  readonly idempotencyKey: string | undefined;
  /** What the browser prefers, as it says it. */
  readonly acceptLanguage: string;
  /** Resolves when the client has gone away or the provider stops. */
  readonly gone: AbortSignal;
}

export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** What a browser gets. */
export interface PageAnswer {
  readonly status: number;
  readonly html: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Without an answer the response is never sent. */
export type ApiHandler = (request: ApiRequest) => Promise<ApiAnswer | PageAnswer | undefined>;

export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Segments; `:` stands for a parameter. */
  readonly path: string;
  /** For browsers: without the API key, and with a form in place of JSON. */
  readonly forBrowsers?: true;
  readonly handle: ApiHandler;
}

/** An answer in the form `{"error": {"code", "message", "field"?}}`. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly field: string | undefined;

  constructor(status: number, code: string, message: string, field?: string) {
    super(message);
    this.status = status;
    this.code = code;
    this.field = field;
  }
}

export function makeServer(routes: readonly Route[], apiKey: string, stopping: AbortSignal): Server {
  return createServer((incoming, response) => {
    answer(routes, apiKey, stopping, incoming, response).then(
      (answered) => answered && send(response, answered),
      (error: unknown) => {
        const known = error instanceof ApiError ? error : new ApiError(500, 'internal', 'Something went wrong at the provider.');
        send(response, {
          status: known.status,
          body: { error: { code: known.code, message: known.message, ...(known.field ? { field: known.field } : {}) } },
        });
      },
    );
  });
}

async function answer(
  routes: readonly Route[],
  apiKey: string,
  stopping: AbortSignal,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<ApiAnswer | PageAnswer | undefined> {
  const url = new URL(incoming.url ?? '/', 'http://provider');
  if (url.pathname === '/healthz') return { status: 200, body: { status: 'ok' } };
  const found = findRoute(routes, incoming.method ?? '', url.pathname);
  if (!found?.route.forBrowsers && !sameText(incoming.headers.authorization ?? '', `Bearer ${apiKey}`)) {
    throw new ApiError(401, 'unauthorized', 'The API key is missing or wrong.');
  }
  if (!found) throw new ApiError(404, 'not_found', `There is no ${incoming.method} ${url.pathname}.`);
  const { route, params } = found;
  const body = route.method === 'POST' ? await (route.forBrowsers ? readForm(incoming) : readJson(incoming)) : {};
  const key = incoming.headers['idempotency-key'];
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  return route.handle({
    params,
    query: url.searchParams,
    body,
    idempotencyKey: typeof key === 'string' && key.length > 0 ? key : undefined,
    acceptLanguage: incoming.headers['accept-language'] ?? '',
    gone: AbortSignal.any([gone.signal, stopping]),
  });
}

function findRoute(routes: readonly Route[], method: string, path: string): { route: Route; params: string[] } | undefined {
  for (const route of routes) {
    if (route.method !== method) continue;
    const pattern = route.path.split('/');
    const segments = path.split('/');
    if (pattern.length !== segments.length) continue;
    if (!pattern.every((part, index) => part === ':' || part === segments[index])) continue;
    return { route, params: segments.filter((_, index) => pattern[index] === ':').map(decodeURIComponent) };
  }
  return undefined;
}

async function readText(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new ApiError(413, 'body_too_large', `A body has at most ${MAX_BODY_BYTES} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function readForm(incoming: IncomingMessage): Promise<Record<string, unknown>> {
  return Object.fromEntries(new URLSearchParams(await readText(incoming)));
}

async function readJson(incoming: IncomingMessage): Promise<Record<string, unknown>> {
  const text = await readText(incoming);
  if (text === '') return {};
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Record<string, unknown>;
  } catch {
    // told below
  }
  throw new ApiError(400, 'invalid_json', 'The body is not a JSON object.');
}

function send(response: ServerResponse, answered: ApiAnswer | PageAnswer): void {
  if (response.destroyed || response.headersSent) return;
  const [text, headers] =
    'html' in answered
      ? [answered.html, { 'content-type': 'text/html; charset=utf-8', ...answered.headers }]
      : [JSON.stringify(answered.body), { 'content-type': 'application/json' }];
  response.writeHead(answered.status, { ...headers, 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

function sameText(left: string, right: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(left), digest(right));
}
