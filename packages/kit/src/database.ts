// Postgres through Prisma: everyday queries by its client, hot and money-moving writes as one SQL statement, the rest in transactions.
import { setTimeout as sleep } from 'node:timers/promises';
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { type Facts, Failure, fail as kitFail, type Reasons } from './failure.js';

const MAX_TRIES = 5;
const RETRY_BASE_MS = 10;
// Below the transaction's own limit: Prisma gives up on a transaction without ending the statement that runs in it.
const STATEMENT_TIMEOUT_MS = 8_000;
const TRANSACTION_TIMEOUT_MS = 10_000;
const CONNECT_TIMEOUT_MS = 5_000;
// Longer, so that it is the pool that gives up.
const MAX_WAIT_MS = CONNECT_TIMEOUT_MS + 1_000;
// A prepared statement keeps the plan of its first runs, also those inside functions and foreign keys. Made while a table is all but
// empty, that plan reads the whole table, for each call and for as long as the connection lives: in the first rush of a new system a pledge
// took ten times as long after a thousand others. Every query of the house has its index.
export const PLANNING = '-c enable_seqscan=off -c jit=off';
// Raised by the house's SQL functions: the message is a reason, the detail a JSON object of facts.
const REFUSED = 'MOA01';
const CONFLICTS = new Set(['40001', '40P01']);

// biome-ignore lint/suspicious/noExplicitAny: each service's generated client has parameter types of its own.
type Query = any;

/** What the kit needs of a service's generated Prisma client. */
export interface PrismaLike {
  $queryRaw(query: Query, ...values: Query[]): PromiseLike<unknown>;
  $transaction(work: (tx: Query) => Promise<Query>, options?: Query): Promise<Query>;
  $disconnect(): Promise<void>;
}

/** The client inside a transaction. */
export type Transaction<C> = Omit<C, '$connect' | '$disconnect' | '$on' | '$transaction' | '$extends'>;

/** What runs raw statements: a client or a transaction. */
export interface RawQueries {
  $queryRaw(query: Query, ...values: Query[]): PromiseLike<unknown>;
}

/** A service's database. */
export interface Database<C> {
  /** For everyday queries. */
  readonly client: C;
  readonly url: string;
  /** Says that an event may stand in the outbox; called by `transaction` and `write` after each commit. */
  wakeRelay: () => void;
  close(): Promise<void>;
}

/** Opens a database; `make` makes the service's own Prisma client over the adapter. */
export function openDatabase<C extends PrismaLike>(url: string, connections: number, make: (adapter: PrismaPg) => C): Database<C> {
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    idle_in_transaction_session_timeout: TRANSACTION_TIMEOUT_MS,
    options: PLANNING,
  });
  // A connection that is lost while it idles is replaced; the query that meets one tells of it.
  pool.on('error', () => {});
  const client = make(new PrismaPg(pool, { statementNameGenerator: statementName }));
  return {
    client,
    url,
    wakeRelay: () => {},
    async close() {
      await client.$disconnect();
      await pool.end();
    },
  };
}

/** All connections were in use, and none came free in time: it would have gone well at another time. */
export const isPoolFull = (error: unknown): boolean => (error as Error | undefined)?.message === 'timeout exceeded when trying to connect';

/** Runs `work` in a transaction and wakes the relay after its commit. Conflicts are tried again, at most 5 times. */
export async function transaction<C extends PrismaLike, R>(db: Database<C>, work: (tx: Transaction<C>) => Promise<R>): Promise<R> {
  const result = await retryingConflicts(
    () => db.client.$transaction(work, { maxWait: MAX_WAIT_MS, timeout: TRANSACTION_TIMEOUT_MS }) as Promise<R>,
  );
  db.wakeRelay();
  return result;
}

/**
 * The one-statement write: a call of an SQL function that does all or nothing. A reason that it raises becomes the service's failure.
 *
 *     const [row] = await write<{ answer: PledgeRow }>(db, fail, Prisma.sql`SELECT cancel_pledge(${sqlCall(call)}::jsonb, ...) AS answer`);
 */
export async function write<Row>(db: Database<PrismaLike>, reasons: Reasons, statement: Query): Promise<Row[]> {
  const rows = await retryingConflicts(() => refusing(reasons, db.client.$queryRaw(statement) as PromiseLike<Row[]>));
  db.wakeRelay();
  return rows;
}

/** Runs a raw query and turns a reason that an SQL function raised into the service's failure. */
export async function refusing<T>(reasons: Reasons, query: PromiseLike<T>): Promise<T> {
  try {
    return await query;
  } catch (error) {
    const cause = postgresError(error);
    if (cause?.code === REFUSED) throw refusalOf(reasons, cause);
    throw error;
  }
}

/** What Postgres said, wherever Prisma has put it. */
export function postgresError(error: unknown): { code: string; message: string; detail: string | undefined } | undefined {
  const { meta, cause } = (error ?? {}) as { meta?: { driverAdapterError?: { cause?: unknown } }; cause?: unknown };
  for (const candidate of [meta?.driverAdapterError?.cause, cause, error]) {
    const { originalCode, originalMessage, code, message, detail } = (candidate ?? {}) as Record<string, string | undefined>;
    if (originalCode) return { code: originalCode, message: originalMessage ?? '', detail };
    if (code && /^[0-9A-Z]{5}$/.test(code) && !code.startsWith('P2')) return { code, message: message ?? '', detail };
  }
  return undefined;
}

/** The failure that a reason stands for which an SQL function raised: the message is the reason, the detail a JSON object of facts. */
export function refusalOf(reasons: Reasons, { message, detail }: { message: string; detail: string | undefined }): Failure {
  const facts = detail?.startsWith('{') ? (JSON.parse(detail) as Facts) : {};
  for (const { domain, table } of [reasons, kitFail as Reasons]) {
    if (message in table) return new Failure(domain, message, table[message]!, facts);
  }
  throw new Error(`an SQL function raised ${message}, which no table of reasons has`);
}

async function retryingConflicts<R>(work: () => Promise<R>): Promise<R> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (tries === MAX_TRIES || !isConflict(error)) throw error;
      await sleep(RETRY_BASE_MS * 2 ** tries * Math.random());
    }
  }
}

const isConflict = (error: unknown): boolean =>
  (error as { code?: string }).code === 'P2034' || CONFLICTS.has(postgresError(error)?.code ?? '');

// The same statement is prepared once on a connection; without a name it is parsed and planned each time. Bounded, since Prisma makes
// a statement for each length of a list.
const MAX_PREPARED = 500;
const statementNames = new Map<string, string>();
function statementName({ sql }: { sql: string }): string {
  const known = statementNames.get(sql);
  if (known !== undefined || statementNames.size >= MAX_PREPARED) return known ?? '';
  const name = `moa${statementNames.size}`;
  statementNames.set(sql, name);
  return name;
}
