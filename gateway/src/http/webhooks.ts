// What a provider tells of its own accord, handed on as it came: whether it is true is payment's to find out.
import type { IncomingMessage } from 'node:http';
import { status } from '@grpc/grpc-js';
import type { ProviderWebhookServiceDefinition } from '@moa/contracts/payment/v1/payment_service';
import { Failure, type Remote } from '@moa/kit';
import type { Answer, Handle } from './serve.js';

const MAX_BODY_BYTES = 64 << 10;
const MAX_HEADERS = 20;
// A try again would end alike.
const REFUSED: readonly status[] = [status.INVALID_ARGUMENT, status.UNAUTHENTICATED, status.PERMISSION_DENIED, status.FAILED_PRECONDITION];

/** Says 200 only when payment has taken it in. Headers with the provider's prefix go along. */
export const takeWebhook =
  (payment: Remote<typeof ProviderWebhookServiceDefinition>, headerPrefix: string): Handle =>
  async (request) => {
    const body = await readBody(request);
    if (body === undefined) return { status: 413 };
    if (body.length === 0) return { status: 400 };
    const headers = Object.entries(request.headersDistinct).filter(([name]) => name.startsWith(headerPrefix) || name === 'content-type');
    // Whatever stands there twice has no meaning that could be relied on.
    if (headers.length > MAX_HEADERS || headers.some(([, values]) => values?.length !== 1)) return { status: 400 };
    const trace = request.headers.traceparent;
    try {
      await payment.receiveWebhook(
        { body, headers: Object.fromEntries(headers.map(([name, values]) => [name, values![0]!])) },
        typeof trace === 'string' ? { trace } : {},
      );
      return { status: 200 };
    } catch (error) {
      return answerTo(error);
    }
  };

function answerTo(error: unknown): Answer {
  if (error instanceof Failure && REFUSED.includes(error.code)) return { status: 400, body: `${error.reason}\n` };
  return { status: 503, headers: { 'retry-after': '1' } };
}

// Undefined when it is too large.
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
