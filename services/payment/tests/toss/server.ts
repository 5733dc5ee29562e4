// A server that speaks the documented API of Toss Payments: real HTTP, its authorization, its idempotency, its errors, and the faults that a
// test asks for. For tests only: it is written from the documentation, and what the real one does otherwise it does not know.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { emptyTossBooks } from './payments.js';
import { korea, TossError, type TossPayment } from './types.js';

export interface TossServerOptions {
  readonly secretKey: string;
  /** Where it tells of changed payments. */
  readonly webhookUrl?: string;
}

/** What goes wrong with the next requests of an operation, each once. */
export interface TossFault {
  readonly operation: 'REGISTER' | 'CHARGE' | 'CREATE' | 'CONFIRM' | 'CANCEL' | 'ASK' | 'LIST';
  /** SILENT_AFTER: it is done, and never answered. SILENT_BEFORE: neither. SLOW: done at once, answered late. ERROR: not done. ERROR_AFTER: done. */
  readonly kind: 'SILENT_AFTER' | 'SILENT_BEFORE' | 'SLOW' | 'ERROR' | 'ERROR_AFTER';
  readonly count?: number;
  readonly status?: number;
  readonly code?: string;
  readonly retryAfterSeconds?: number;
  readonly ms?: number;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface SentWebhook {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

type Work = { readonly operation: TossFault['operation']; readonly subject: string; readonly run: () => unknown };

const MAX_IDEMPOTENCY_KEY = 300;
const PAGE = '/page/';
/** It tries 7 times more, after 1, 4, 16 … minutes: here in milliseconds. */
const RETRIES = 7;
/** How long payment waits for it in these tests. */
export const TIMEOUT_MS = 3_000;
const SLOW_MS = TIMEOUT_MS + 500;
const INTERNAL: Answer = {
  status: 500,
  body: { code: 'FAILED_INTERNAL_SYSTEM_PROCESSING', message: '내부 시스템 처리 작업이 실패했습니다. 잠시 후 다시 시도해주세요.' },
};

export async function startTossServer({ secretKey, webhookUrl }: TossServerOptions) {
  const webhooks: SentWebhook[] = [];
  const books = emptyTossBooks((payment) => void tell(payment));
  const answers = new Map<string, Answer>();
  const atWork = new Set<string>();
  const failedOnce = new Set<string>();
  const faults: (Required<Pick<TossFault, 'count'>> & TossFault)[] = [];
  const stopping = new AbortController();
  const seen: string[] = [];
  const authorization = `Basic ${Buffer.from(`${secretKey}:`).toString('base64')}`;

  function route(method: string, url: URL, body: Readonly<Record<string, unknown>>): Work {
    const parts = url.pathname.split('/').slice(1).map(decodeURIComponent);
    const path = `${method} ${parts.join('/')}`;
    if (path === 'POST v1/billing/authorizations/card') return { operation: 'REGISTER', subject: '', run: () => books.issueByCard(body) };
    if (path === 'POST v1/billing/authorizations/issue')
      return { operation: 'REGISTER', subject: '', run: () => books.issueByAuthKey(body) };
    if (/^POST v1\/billing\/[^/]+$/.test(path))
      return { operation: 'CHARGE', subject: parts[2]!, run: () => books.charge(parts[2]!, body) };
    if (path === 'POST v1/payments') return { operation: 'CREATE', subject: '', run: () => books.create(body, pageOf) };
    if (path === 'POST v1/payments/confirm')
      return { operation: 'CONFIRM', subject: String(body['paymentKey']), run: () => books.confirm(body) };
    if (/^POST v1\/payments\/[^/]+\/cancel$/.test(path))
      return { operation: 'CANCEL', subject: parts[2]!, run: () => books.cancel(parts[2]!, body) };
    if (/^GET v1\/payments\/orders\/[^/]+$/.test(path)) return { operation: 'ASK', subject: '', run: () => books.ofOrder(parts[3]!) };
    if (/^GET v1\/payments\/[^/]+$/.test(path)) return { operation: 'ASK', subject: '', run: () => books.paymentOf(parts[2]!) };
    if (path === 'GET v1/transactions') return { operation: 'LIST', subject: '', run: () => books.transactions(url.searchParams) };
    if (path === 'GET v1/settlements') return { operation: 'LIST', subject: '', run: () => books.settlements(url.searchParams) };
    throw new TossError(404, 'NOT_FOUND');
  }

  const server = createServer((incoming, response) => {
    handle(incoming, response).catch(() => response.destroy());
  });

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(incoming.url ?? '/', 'http://toss');
    const method = incoming.method ?? '';
    const gone = AbortSignal.any([stopping.signal, goneOf(response)]);
    try {
      if (url.pathname.startsWith(PAGE)) return await visit(url, incoming, response);
      seen.push(`${method} ${url.pathname}`);
      checkAuthorization(incoming.headers.authorization);
      const body = method === 'POST' ? await readJson(incoming) : {};
      const work = route(method, url, body);
      const key = method === 'POST' ? incoming.headers['idempotency-key'] : undefined;
      const orderId = typeof body['orderId'] === 'string' ? body['orderId'] : '';
      const answer = await (typeof key === 'string'
        ? onceUnder(`${method} ${url.pathname} ${key}`, key, work, orderId, gone)
        : perform(work, orderId, gone));
      if (answer) send(response, answer);
    } catch (error) {
      send(response, answerOf(error));
    }
  }

  // The page that the buyer sees: a form with a card's number, or without one, is all that it understands.
  async function visit(url: URL, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = new URLSearchParams((await readAll(incoming)).toString('utf8'));
    const cardNumber = form.get('action') === 'cancel' ? undefined : (form.get('cardNumber') ?? '');
    response.writeHead(303, { location: books.visit(url.pathname.slice(PAGE.length), cardNumber).href }).end();
  }

  const pageOf = (paymentKey: string) => `http://127.0.0.1:${(server.address() as AddressInfo).port}${PAGE}${paymentKey}`;

  function checkAuthorization(given: string | undefined): void {
    if (!given?.startsWith('Basic '))
      throw new TossError(403, 'INCORRECT_BASIC_AUTH_FORMAT', "잘못된 요청입니다. ':' 를 포함해 인코딩해주세요.");
    if (!Buffer.from(given.slice(6), 'base64').toString().includes(':')) throw new TossError(403, 'INCORRECT_BASIC_AUTH_FORMAT');
    if (given !== authorization) throw new TossError(401, 'UNAUTHORIZED_KEY', '인증되지 않은 시크릿 키 혹은 클라이언트 키 입니다.');
  }

  // The key, the path and the method together. What the body says is not compared.
  async function onceUnder(place: string, key: string, work: Work, orderId: string, gone: AbortSignal): Promise<Answer | undefined> {
    if (key.length > MAX_IDEMPOTENCY_KEY) throw new TossError(400, 'INVALID_IDEMPOTENCY_KEY');
    const earlier = answers.get(place);
    if (earlier) return earlier;
    if (atWork.has(place)) throw new TossError(409, 'IDEMPOTENT_REQUEST_PROCESSING', '이전 멱등 요청이 처리중입니다.');
    atWork.add(place);
    try {
      return await perform(work, orderId, gone, (answer) => answers.set(place, answer));
    } finally {
      atWork.delete(place);
    }
  }

  // `keep` is told of the answer at once, whether it will be sent or not.
  async function perform(
    work: Work,
    orderId: string,
    gone: AbortSignal,
    keep: (answer: Answer) => void = () => {},
  ): Promise<Answer | undefined> {
    const fault = faultFor(work, orderId);
    if (fault?.kind === 'SILENT_BEFORE') return void (await until(gone));
    if (fault?.kind === 'ERROR') return refuse(fault, keep);
    const answer = resultOf(work.run);
    if (fault?.kind === 'ERROR_AFTER') return refuse(fault, keep);
    // Still at work for whoever asks meanwhile.
    if (fault?.kind === 'SLOW') await sleep(fault.ms ?? SLOW_MS, undefined, { signal: stopping.signal }).catch(() => {});
    keep(answer);
    return fault?.kind === 'SILENT_AFTER' ? void (await until(gone)) : answer;
  }

  function refuse({ status = 500, code, retryAfterSeconds }: TossFault, keep: (answer: Answer) => void): Answer {
    const answer = code ? { status, body: { code, message: code } } : { ...INTERNAL, status };
    if (status !== 429) keep(answer);
    return retryAfterSeconds === undefined ? answer : { ...answer, headers: { 'retry-after': String(retryAfterSeconds) } };
  }

  function faultFor({ operation, subject }: Work, orderId: string): TossFault | undefined {
    const asked = faults.find((fault) => fault.operation === operation && fault.count > 0);
    if (asked) {
      faults[faults.indexOf(asked)] = { ...asked, count: asked.count - 1 };
      return asked;
    }
    if ((operation !== 'CHARGE' && operation !== 'CONFIRM') || failedOnce.has(orderId)) return undefined;
    const { kind, parameter } = books.behaviourOf(subject);
    const kinds = { TIMEOUT_AFTER_SUCCESS: 'SILENT_AFTER', TIMEOUT_BEFORE: 'SILENT_BEFORE', SLOW: 'SLOW', ERROR_ONCE: 'ERROR' } as const;
    const own = kinds[kind as keyof typeof kinds];
    if (!own) return undefined;
    failedOnce.add(orderId);
    return { operation, kind: own, ms: parameter === 0 ? SLOW_MS : parameter * 100 };
  }

  async function tell(payment: TossPayment): Promise<void> {
    const body = JSON.stringify({ eventType: 'PAYMENT_STATUS_CHANGED', createdAt: korea().slice(0, 19), data: payment });
    const id = randomUUID();
    for (let retried = 0; retried <= RETRIES && !stopping.signal.aborted; retried++) {
      const headers = {
        'content-type': 'application/json',
        'tosspayments-webhook-transmission-id': id,
        'tosspayments-webhook-transmission-time': korea(),
        'tosspayments-webhook-transmission-retried-count': String(retried),
      };
      if (retried === 0) webhooks.push({ body, headers });
      if (!webhookUrl) return;
      const response = await fetch(webhookUrl, { method: 'POST', headers, body, signal: AbortSignal.timeout(10_000) }).catch(
        () => undefined,
      );
      if (response?.status === 200) return;
      await sleep(4 ** Math.min(retried, 4), undefined, { signal: stopping.signal }).catch(() => {});
    }
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return {
    url: `http://127.0.0.1:${port}`,
    books,
    /** What it told, each once, and in order. */
    webhooks,
    /** Every request: method and path. */
    seen,
    fault: (fault: TossFault) => void faults.push({ count: 1, ...fault }),
    /** Its answers to idempotency keys, forgotten as after 15 days. */
    forgetAnswers: () => answers.clear(),
    pause: close,
    async resume() {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
    },
    async stop() {
      stopping.abort();
      if (server.listening) await close();
    },
  };
}

function resultOf(run: () => unknown): Answer {
  try {
    return { status: 200, body: run() };
  } catch (error) {
    return answerOf(error);
  }
}

function answerOf(error: unknown): Answer {
  return error instanceof TossError ? { status: error.status, body: { code: error.code, message: error.message } } : INTERNAL;
}

function send(response: ServerResponse, { status, body, headers = {} }: Answer): void {
  if (response.destroyed) return;
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

async function readAll(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function readJson(incoming: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const body = await readAll(incoming);
  try {
    return JSON.parse(body.toString('utf8')) as Record<string, unknown>;
  } catch {
    throw new TossError(400, 'INVALID_REQUEST');
  }
}

function goneOf(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  return gone.signal;
}

async function until(gone: AbortSignal): Promise<void> {
  if (!gone.aborted) await once(gone, 'abort');
}
