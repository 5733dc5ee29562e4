// The way to see what came: JSON over HTTP, to read only.

import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Messages } from './messages.js';

export const MESSAGES_SHOWN = 100;
// A page on the web may have its own name lead to 127.0.0.1, and would then read mail with the browser of whoever looks at it.
const OWN_HOST = /^(127\.0\.0\.1|localhost)(:\d+)?$/;

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export function makeHttpServer(messages: Messages): Server {
  return createServer((request, response) => {
    const { status, body } = answer(messages, request);
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
  });
}

function answer(messages: Messages, { method, url, headers }: IncomingMessage): Answer {
  if (!OWN_HOST.test(headers.host ?? '')) return { status: 403, body: { error: 'only for this machine' } };
  const { pathname, searchParams } = new URL(url ?? '/', 'http://mailbox');
  if (method === 'GET' && pathname === '/healthz') return { status: 200, body: { status: 'ok' } };
  if (method === 'GET' && pathname === '/messages') {
    return { status: 200, body: { messages: messages.list(searchParams.get('to') ?? undefined).slice(0, MESSAGES_SHOWN) } };
  }
  return { status: 404, body: { error: `nothing at ${pathname}` } };
}
