// The small part of HTTP that the API needs: a table of routes, a bearer key, JSON in and out, typed errors.

import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

const MAX_BODY_BYTES = 64 * 1024;

export interface ApiRequest {
  readonly params: readonly string[];
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
  readonly idempotencyKey: string | undefined;
  /** Resolves when the client has gone away or the provider stops. */
  readonly gone: AbortSignal;
}

export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Without an answer the response is never sent. */
export type ApiHandler = (request: ApiRequest) => Promise<ApiAnswer | undefined>;

export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Segments; `:` stands for a parameter. */
  readonly path: string;
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
): Promise<ApiAnswer | undefined> {
  const url = new URL(incoming.url ?? '/', 'http://provider');
  if (url.pathname === '/healthz') return { status: 200, body: { status: 'ok' } };
  if (!sameText(incoming.headers.authorization ?? '', `Bearer ${apiKey}`)) {
    throw new ApiError(401, 'unauthorized', 'The API key is missing or wrong.');
  }
  const [route, params] = findRoute(routes, incoming.method ?? '', url.pathname);
  const body = route.method === 'POST' ? await readJson(incoming) : {};
  const key = incoming.headers['idempotency-key'];
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  return route.handle({
    params,
    query: url.searchParams,
    body,
    idempotencyKey: typeof key === 'string' && key.length > 0 ? key : undefined,
    gone: AbortSignal.any([gone.signal, stopping]),
  });
}

function findRoute(routes: readonly Route[], method: string, path: string): [Route, string[]] {
  for (const route of routes) {
    if (route.method !== method) continue;
    const pattern = route.path.split('/');
    const segments = path.split('/');
    if (pattern.length !== segments.length) continue;
    if (!pattern.every((part, index) => part === ':' || part === segments[index])) continue;
    return [route, segments.filter((_, index) => pattern[index] === ':').map(decodeURIComponent)];
  }
  throw new ApiError(404, 'not_found', `There is no ${method} ${path}.`);
}

async function readJson(incoming: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new ApiError(413, 'body_too_large', `A body has at most ${MAX_BODY_BYTES} bytes.`);
    chunks.push(chunk);
  }
  if (bytes === 0) return {};
  try {
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Record<string, unknown>;
  } catch {
    // told below
  }
  throw new ApiError(400, 'invalid_json', 'The body is not a JSON object.');
}

function send(response: ServerResponse, { status, body }: ApiAnswer): void {
  if (response.destroyed || response.headersSent) return;
  const text = JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

function sameText(left: string, right: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(left), digest(right));
}
