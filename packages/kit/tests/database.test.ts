import { status } from '@grpc/grpc-js';
import { FinishOAuthResponse, OAuthServiceDefinition } from '@moa/contracts/auth/v1/oauth_service';
import { openTestbed, reasonOf, retryAfterMsOf, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Failure, failures, openHost, postgresError, transaction, write } from '../src/index.js';
import { Prisma } from './generated/client.js';
import { countUp, gate, implement, openStore, openTallies } from './support.js';

const bed = await openTestbed('database');
const { config, owner, count } = await openStore(bed, 'toy');
const host = await openHost('toy', config);
const db = openTallies(host);
// A contract whose calls have more time than a connection is waited for.
host.serve(
  OAuthServiceDefinition,
  implement(OAuthServiceDefinition, {
    finishOAuth: () =>
      transaction(db, async (tx) => FinishOAuthResponse.fromPartial({ secondFactorChallenge: String(await countUp(tx, 'served')) })),
  }),
);
const running = await host.listen();
const oauth = bed.connect(OAuthServiceDefinition, running.address);
const fail = failures('moa.toy', { TALLY_FULL: status.FAILED_PRECONDITION });

await owner.query(`
  CREATE FUNCTION raise(code text, what text, detail text) RETURNS text LANGUAGE plpgsql AS $$
  BEGIN
    IF detail IS NULL THEN RAISE '%', what USING ERRCODE = code; END IF;
    RAISE '%', what USING ERRCODE = code, DETAIL = detail;
  END $$`);
await owner.query(`
  CREATE FUNCTION count_up(counted text) RETURNS jsonb LANGUAGE sql AS $$
    UPDATE tally SET count = count + 1 WHERE name = counted RETURNING to_jsonb(tally)
  $$`);
await owner.query('CREATE SEQUENCE tries');
await owner.query(`
  CREATE FUNCTION succeed_at(try bigint) RETURNS text LANGUAGE plpgsql AS $$
  BEGIN
    IF nextval('tries') < try THEN RAISE 'not yet' USING ERRCODE = '40001'; END IF;
    RETURN 'done';
  END $$`);
const raise = (code: string, what: string, detail: string | null = null) => Prisma.sql`SELECT raise(${code}, ${what}, ${detail}) AS answer`;
const failureOf = (work: Promise<unknown>): Promise<Failure> =>
  work.then(
    () => assert.unreachable('it went through'),
    (error) => error,
  );

/** Lets several come to the same place before any goes on; late ones pass. */
function meeting(size: number): () => Promise<void> {
  const { opened, open } = gate();
  let arrived = 0;
  return async () => {
    if (++arrived === size) open();
    await opened;
  };
}

test('transactions that cannot be put in an order are tried again, and all count', async () => {
  await countUp(db.client, 'serial');
  const meet = meeting(3);
  await Promise.all(
    Array.from({ length: 3 }, () =>
      transaction(db, async (tx) => {
        await tx.$executeRaw`SET TRANSACTION ISOLATION LEVEL SERIALIZABLE`;
        const { count } = await tx.tally.findUniqueOrThrow({ where: { name: 'serial' } });
        await meet();
        await tx.tally.update({ where: { name: 'serial' }, data: { count: count + 1 } });
      }),
    ),
  );
  assert.is(await count('serial'), 4);
});

test('two that lock each other out are tried again, and both count', async () => {
  for (const name of ['left', 'right']) await countUp(db.client, name);
  const meet = meeting(2);
  const both = (one: string, other: string) =>
    transaction(db, async (tx) => {
      await countUp(tx, one);
      await meet();
      await countUp(tx, other);
    });
  await Promise.all([both('left', 'right'), both('right', 'left')]);
  assert.equal([await count('left'), await count('right')], [3, 3]);
});

test('a conflict is tried five times, and no more; anything else is not tried again', async () => {
  let tries = 0;
  const failing = (code: string) =>
    transaction(db, async (tx) => {
      tries++;
      await tx.$queryRaw(raise(code, 'no'));
    });
  assert.is(postgresError(await failureOf(failing('40001')))?.code, '40001');
  assert.is(tries, 5);
  tries = 0;
  assert.is(postgresError(await failureOf(failing('P0001')))?.code, 'P0001');
  assert.is(tries, 1);
});

test('what a failed transaction did is undone', async () => {
  const error = await failureOf(
    transaction(db, async (tx) => {
      await countUp(tx, 'undone');
      throw fail('TALLY_FULL');
    }),
  );
  assert.is(error.reason, 'TALLY_FULL');
  assert.is(await count('undone'), 0);
});

test('a one-statement write gives its rows, and is tried again after a conflict', async () => {
  await countUp(db.client, 'written');
  const [row] = await write<{ answer: { count: number } }>(db, fail, Prisma.sql`SELECT count_up('written') AS answer`);
  assert.is(row!.answer.count, 2);
  assert.equal(await write(db, fail, Prisma.sql`SELECT succeed_at(3) AS answer`), [{ answer: 'done' }]);
  await owner.query(`SELECT setval('tries', 1, false)`);
  assert.is(postgresError(await failureOf(write(db, fail, Prisma.sql`SELECT succeed_at(6) AS answer`)))?.code, '40001');
});

test('a reason that SQL raises is the failure of the table, with its facts', async () => {
  const error = await failureOf(write(db, fail, raise('MOA01', 'TALLY_FULL', '{"tally": "a", "limit": 3}')));
  assert.equal([error.domain, error.reason, error.code], ['moa.toy', 'TALLY_FULL', status.FAILED_PRECONDITION]);
  assert.equal(error.facts, { tally: 'a', limit: 3 });
  assert.equal((await failureOf(write(db, fail, raise('MOA01', 'TALLY_FULL')))).facts, {});
});

test("the kit's own reasons count as well; one that no table has is an accident", async () => {
  const reused = await failureOf(write(db, fail, raise('MOA01', 'REQUEST_ID_REUSED')));
  assert.equal([reused.domain, reused.code], ['moa', status.INVALID_ARGUMENT]);
  const unknown = await failureOf(write(db, fail, raise('MOA01', 'TALLY_LOST')));
  assert.is(unknown.reason, undefined);
  assert.match(unknown.message, 'TALLY_LOST');
});

test('a broken rule of the schema is told by its code', async () => {
  const error = await failureOf(db.client.$queryRaw`INSERT INTO tally (name) VALUES ('twice'), ('twice')` as Promise<unknown>);
  assert.is(postgresError(error)?.code, '23505');
});

test('a statement that takes too long is ended by the database, before the transaction is given up', async () => {
  const [limits] = (await db.client.$queryRaw`
    SELECT current_setting('statement_timeout') AS statement, current_setting('idle_in_transaction_session_timeout') AS idle`) as {
    statement: string;
    idle: string;
  }[];
  assert.equal(limits, { statement: '8s', idle: '10s' });
  const error = await failureOf(
    transaction(db, async (tx) => {
      await countUp(tx, 'slow');
      await tx.$executeRaw`SET LOCAL statement_timeout = 50`;
      await tx.$queryRaw`SELECT pg_sleep(60)::text`;
    }),
  );
  assert.is(postgresError(error)?.code, '57014');
  assert.is(await count('slow'), 0);
  const { rows } = await owner.query(
    `SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%pg_sleep(60)%' AND state = 'active' AND pid <> pg_backend_pid()`,
  );
  assert.is(rows.length, 0, 'nothing runs on');
});

test('connections that are lost are replaced, whatever they were doing', async () => {
  const idle = Promise.all(Array.from({ length: 5 }, () => db.client.$queryRaw`SELECT 1`));
  await idle;
  const { opened, open } = gate();
  const busy = failureOf(db.client.$queryRaw`SELECT pg_sleep(30)::text` as Promise<unknown>);
  const between = failureOf(
    transaction(db, async (tx) => {
      await countUp(tx, 'lost');
      await opened;
      await countUp(tx, 'lost');
    }),
  );
  const others = `FROM pg_stat_activity WHERE datname = current_database() AND usename = 'toy'`;
  await until(
    async () => (await owner.query(`SELECT ${others} AND (query LIKE '%pg_sleep(30)%' OR state = 'idle in transaction')`)).rowCount === 2,
  );
  await owner.query(`SELECT pg_terminate_backend(pid) ${others}`);
  open();
  await Promise.all([busy, between]);
  assert.is(await count('lost'), 0);
  await until(() => countUp(db.client, 'found'));
  await Promise.all(Array.from({ length: 20 }, () => countUp(db.client, 'found')));
});

test('any number of different statements may be prepared', async () => {
  const statements = Array.from({ length: 600 }, (_, i) => `SELECT ${i} AS number`);
  const rows = await Promise.all(statements.map((statement) => db.client.$queryRawUnsafe<{ number: number }[]>(statement)));
  assert.equal(
    rows.map(([row]) => row?.number),
    statements.map((_, i) => i),
  );
});

test('who finds all connections in use, and none free in time, is told to come again', async () => {
  const holder = await owner.connect();
  await holder.query('BEGIN; LOCK TABLE tally IN EXCLUSIVE MODE');
  const callback = { state: 's', outcome: { $case: 'code', value: 'c' }, iss: '' } as const;
  const request = { flowToken: 'f', callback, device: '' };
  const calls = Array.from({ length: config.DATABASE_CONNECTIONS + 1 }, () => oauth.finishOAuth(request));
  const outcomes = calls.map((call) => call.catch((error) => error));
  const refused = await Promise.race(outcomes);
  await holder.query('COMMIT');
  holder.release();
  assert.equal([refused.code, reasonOf(refused), retryAfterMsOf(refused)], [status.RESOURCE_EXHAUSTED, 'OVERLOADED', 1_000]);
  const served = (await Promise.all(outcomes)).filter((outcome) => reasonOf(outcome) === undefined);
  assert.is(await count('served'), served.length);
});

test.after(async () => {
  await running.stop();
  await owner.end();
  await bed.close();
});
test.run();
