// JSON over HTTP, as all providers speak it: paced, with a limit in time, and without an answer the outcome is unknown.
import { z } from 'zod';
import { makePace } from './pace.js';
import { OutcomeUnknown } from './port.js';

export interface ApiOptions {
  readonly url: string;
  /** What the header of that name says. */
  readonly authorization: string;
  /** An answer that takes longer is not waited for. */
  readonly timeoutMs: number;
  /** Calls a second that the provider allows us. */
  readonly ratePerSecond: number;
}

export interface Reply {
  /** The call that it answers, for messages: nothing in it that is secret. */
  readonly what: string;
  readonly status: number;
  readonly body: unknown;
}

interface Question {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** The path without ids, keys and the query. */
  readonly name: string;
  readonly body?: object;
  readonly idempotencyKey?: string;
  readonly timeoutMs?: number;
}

export type Api = (question: Question) => Promise<Reply>;

const TOO_MANY_REQUESTS = 429;
/** When the provider does not say how long. */
const HOLD_BACK_MS = 1_000;
const LONGEST_HOLD_BACK_MS = 60_000;

export function openApi({ url, authorization, timeoutMs, ratePerSecond }: ApiOptions): Api {
  const pace = makePace(ratePerSecond);
  return async ({ method, path, name, body, idempotencyKey, timeoutMs: ownTimeoutMs = timeoutMs }) => {
    const what = `${method} ${name}`;
    if (!(await pace.turn(ownTimeoutMs))) throw new OutcomeUnknown(`${what}: no turn`);
    const headers: Record<string, string> = { authorization };
    if (body) headers['content-type'] = 'application/json';
    if (idempotencyKey) headers['idempotency-key'] = idempotencyKey;
    const response = await unlessSilent(what, () =>
      fetch(url + path, { method, headers, signal: AbortSignal.timeout(ownTimeoutMs), ...(body && { body: JSON.stringify(body) }) }),
    );
    if (response.status === TOO_MANY_REQUESTS) {
      pace.holdBack(holdBackMs(response.headers.get('retry-after')));
      throw new OutcomeUnknown(`${what}: ${response.status}`);
    }
    return { what, status: response.status, body: await unlessSilent(what, () => response.json()) };
  };
}

async function unlessSilent<T>(what: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    throw new OutcomeUnknown(`${what}: ${(cause as Error).name}`, { cause });
  }
}

function holdBackMs(retryAfter: string | null): number {
  const seconds = /^\d{1,6}$/.test(retryAfter ?? '') ? Number(retryAfter) : undefined;
  return seconds === undefined ? HOLD_BACK_MS : Math.min(seconds * 1_000, LONGEST_HOLD_BACK_MS);
}

/** What an answer says. Anything but one that is understood leaves the outcome unknown. */
export function read<T>(shape: z.ZodType<T>, { what, status, body }: Reply, code: string | undefined): T {
  const parsed = shape.safeParse(body);
  if (status >= 300 || !parsed.success) throw new OutcomeUnknown(`${what}: ${status} ${code ?? 'unreadable'}`);
  return parsed.data;
}

/** Amounts in JSON: whole minor units. */
export const minorUnits = z.int().min(0).transform(BigInt);
