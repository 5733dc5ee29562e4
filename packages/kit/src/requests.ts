// Requests that carry a request_id take effect once: the first answer is kept, and given again to whoever repeats the request.
import type { MessageType } from '@moa/contracts/method';
import type { Call } from './call.js';
import { crashPoint } from './crash-point.js';
import { type Database, type PrismaLike, type RawQueries, refusing, type Transaction, transaction } from './database.js';
import { Failure, fail } from './failure.js';
import { sqlCall } from './origin.js';

/** After this a claim whose owner never answered may be taken over. */
const LEASE_SECONDS = 30;
const BUSY_RETRY_MS = 500;
/** Before it is believed that an id came with another body. */
const LOOKS = 3;

interface StoredAnswer {
  readonly bytes: string;
}

/**
 * Runs `work` and keeps its answer, in one transaction. A repeated request gets the first answer; a rival waits for it.
 * Throws REQUEST_ID_REUSED when the id came with another body.
 *
 *     return once(db, call, RegisterSellerResponse, async (tx) => { ...; return { seller }; });
 */
export async function once<C extends PrismaLike, R>(
  db: Database<C>,
  call: Call,
  type: MessageType<R>,
  work: (tx: Transaction<C>) => Promise<R>,
): Promise<R> {
  const claim = sqlCall(call);
  const answer = await transaction(db, async (tx) => {
    const raw = tx as unknown as RawQueries;
    const [claimed] = (await refusing(fail, raw.$queryRaw`SELECT kit.claim(${claim}::jsonb) AS first`)) as [{ first: boolean }];
    if (!claimed.first) return firstAnswer(raw, claim, type);
    const response = await work(tx);
    await raw.$queryRaw`SELECT kit.answer(${claim}::jsonb, ${stored(type, response)}::jsonb)`;
    return response;
  });
  crashPoint('request.committed');
  return answer;
}

/**
 * For an RPC with a remote call: commits the claim, runs `work` outside any transaction, and keeps its answer. A rival meanwhile gets
 * ABORTED with RetryInfo. When the process dies in between, the request may be taken over after 30 s, so `work` must be resumable:
 * every step of it idempotent. When `work` throws, the claim is given back.
 */
export async function claimFirst<R>(
  db: Database<PrismaLike>,
  call: Pick<Call, 'at' | 'trace' | 'claim'>,
  type: MessageType<R>,
  work: () => Promise<R>,
): Promise<R> {
  const claim = sqlCall(call);
  const ask = async () => {
    const query = db.client.$queryRaw`SELECT kit.claim_first(${claim}::jsonb, make_interval(secs => ${LEASE_SECONDS})) AS outcome`;
    const [{ outcome }] = (await refusing(fail, query)) as [{ outcome: 'mine' | 'busy' | 'done' }];
    return outcome;
  };
  const outcome = await unlessGivenBack(ask);
  if (outcome === 'done') return firstAnswer(db.client, claim, type);
  if (outcome === 'busy') throw fail('REQUEST_IN_PROGRESS', {}, { retryAfterMs: BUSY_RETRY_MS });
  try {
    const response = await work();
    await db.client.$queryRaw`SELECT kit.answer(${claim}::jsonb, ${stored(type, response)}::jsonb)`;
    return response;
  } catch (error) {
    await db.client.$queryRaw`SELECT kit.unclaim(${claim}::jsonb)::text`;
    throw error;
  }
}

/** A rival whose work was refused may give its claim back between the look that finds it and the one that compares it: then there is no other body. */
async function unlessGivenBack<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (tries === LOOKS || !(error instanceof Failure) || error.reason !== 'REQUEST_ID_REUSED') throw error;
    }
  }
}

async function firstAnswer<R>(raw: RawQueries, claim: string, type: MessageType<R>): Promise<R> {
  const [{ answer }] = (await raw.$queryRaw`SELECT kit.first_answer(${claim}::jsonb) AS answer`) as [{ answer: StoredAnswer | null }];
  if (answer === null) throw fail('REQUEST_IN_PROGRESS', {}, { retryAfterMs: BUSY_RETRY_MS });
  return type.decode(Buffer.from(answer.bytes, 'base64'));
}

const stored = <R>(type: MessageType<R>, response: R): string =>
  JSON.stringify({ bytes: Buffer.from(type.encode(response).finish()).toString('base64') } satisfies StoredAnswer);
