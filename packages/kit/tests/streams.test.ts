// A stream behind the chain: who may open it, what its reader gets, and when its handler ends.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { PledgeServiceDefinition } from '@moa/contracts/funding/v1/pledge_service';
import { ProjectServiceDefinition, type WatchProjectResponse } from '@moa/contracts/funding/v1/project_service';
import { openTestbed, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Call, failures, openHost } from '../src/index.js';
import { message, readAll, watchLike } from './stream-support.js';
import { configAs } from './support.js';

const bed = await openTestbed('streams');
const fail = failures('moa.funding', { PROJECT_NOT_FOUND: status.NOT_FOUND });
const { listMyProjects } = ProjectServiceDefinition.methods;
const { refundPledge } = PledgeServiceDefinition.methods;
const MINUTE_MS = 60_000;

type Messages = (call: Call) => AsyncIterable<WatchProjectResponse>;

/** What the handler of every service here does, and how often one was begun and has ended. */
let messages: Messages = async function* () {};
const handlers = { begun: 0, ended: 0 };

async function serve(definition: ReturnType<typeof watchLike>) {
  const host = await openHost('funding', await configAs(bed, 'funding'));
  host.serve(definition, {
    async *watchProject(_, call) {
      handlers.begun++;
      try {
        yield* messages(call);
      } finally {
        handlers.ended++;
      }
    },
  });
  const running = await host.listen();
  const { watchProject } = bed.connect(definition, running.address);
  const metrics = async () => await (await fetch(`http://${running.metricsAddress}/metrics`)).text();
  return { watch: watchProject, stop: running.stop, metrics };
}

const open = await serve(watchLike());
const forSellers = await serve(watchLike({ access: listMyProjects }));
const forFresh = await serve(watchLike({ access: refundPledge, call: refundPledge }));
const id = randomUUID();

/** Says one thing, and then nothing until it is over. */
const quiet: Messages = async function* ({ signal }) {
  yield message(1);
  await once(signal, 'abort');
};

/** Opens a stream, and waits until its first message has come. */
async function opened(watch: typeof open.watch, as?: Parameters<typeof open.watch>[1]) {
  const stream = watch({ id }, as);
  const [first] = (await once(stream, 'data')) as [WatchProjectResponse];
  assert.is(first.progress!.percent, 1);
  return stream;
}

test('a reader gets what the handler yields, in its order, and its end', async () => {
  messages = async function* () {
    for (let number = 0; number < 1_000; number++) yield message(number);
  };
  const { numbers, code } = await readAll(open.watch({ id }));
  assert.equal(numbers, Array.from(Array(1_000).keys()));
  assert.is(code, status.OK);
});

test('what comes first is sent first: nobody waits for the second', async () => {
  messages = quiet;
  (await opened(open.watch)).cancel();
});

test('whoever may not call, and what is no good request, begins no handler', async () => {
  messages = quiet;
  const before = handlers.begun;
  for (const [ending, code, reason] of [
    [readAll(forSellers.watch({ id })), status.UNAUTHENTICATED, 'TOKEN_MISSING'],
    [readAll(forSellers.watch({ id }, await bed.as(id, 'USER'))), status.PERMISSION_DENIED, 'CALLER_NOT_ALLOWED'],
    [readAll(forSellers.watch({ id: 'x' }, await bed.as(id, 'USER'))), status.PERMISSION_DENIED, 'CALLER_NOT_ALLOWED'],
    [readAll(forSellers.watch({ id: 'x' }, await bed.as(id, 'SELLER'))), status.INVALID_ARGUMENT, 'REQUEST_INVALID'],
    [readAll(open.watch({ id: 'x' })), status.INVALID_ARGUMENT, 'REQUEST_INVALID'],
  ] as const) {
    const ended = await ending;
    assert.equal([ended.numbers, ended.code, ended.reason], [[], code, reason]);
  }
  bed.sayAuthTime(new Date(bed.now().getTime() - 16 * MINUTE_MS));
  assert.is((await readAll(forFresh.watch({ id }, await bed.as(id, 'ADMIN')))).reason, 'FRESH_AUTH_NEEDED');
  assert.is(handlers.begun, before);
  bed.sayAuthTime(bed.now());
  (await opened(forFresh.watch, await bed.as(id, 'ADMIN'))).cancel();
});

test('a refusal comes after what was sent before it, and an accident leaves as a bare INTERNAL', async () => {
  for (const [thrown, code, reason] of [
    [fail('PROJECT_NOT_FOUND'), status.NOT_FOUND, 'PROJECT_NOT_FOUND'],
    [new Error('connect postgres://funding:hunter2@db'), status.INTERNAL, undefined],
  ] as const) {
    messages = async function* () {
      yield message(1);
      yield message(2);
      throw thrown;
    };
    const ended = await readAll(open.watch({ id }));
    assert.equal([ended.numbers, ended.code, ended.reason], [[1, 2], code, reason]);
    assert.not.match(String(ended.error), 'hunter2');
  }
});

test('a reader who leaves ends the handler, whether it waits for news or for the reader', async () => {
  for (const [what, endless] of [
    ['for news', quiet],
    [
      'for the reader',
      async function* () {
        for (;;) yield message(1, 100_000);
      },
    ],
    [
      'for nothing',
      async function* () {
        for (;;) {
          yield message(1);
          await sleep(1);
        }
      },
    ],
  ] as const) {
    messages = endless;
    const { begun, ended } = handlers;
    const stream = await opened(open.watch);
    stream.pause();
    assert.is(handlers.begun - begun, 1);
    stream.cancel();
    await until(() => handlers.ended - ended === 1).catch(() => assert.unreachable(`it waits ${what}`));
  }
});

test('a handler is asked for no more than its reader takes', async () => {
  let yielded = 0;
  messages = async function* () {
    for (; yielded < 10_000; yielded++) yield message(yielded === 0 ? 1 : yielded, 10_000);
  };
  const stream = await opened(open.watch);
  stream.pause();
  let seen = -1;
  await until(async () => {
    const standsStill = seen === yielded;
    seen = yielded;
    await sleep(100);
    return standsStill;
  });
  assert.ok(seen < 200, `${seen} messages are on their way`);
  stream.resume();
  await once(stream, 'end');
  assert.is(yielded, 10_000);
});

test('a stream ends with the token that it was opened with, and others go on', async () => {
  messages = quiet;
  const [expiring, revoked, staying] = [randomUUID(), randomUUID(), randomUUID()];
  const stranger = readAll(open.watch({ id }));
  const byRevoked = readAll(open.watch({ id }, await bed.as(revoked)));
  const byExpiring = readAll(forSellers.watch({ id }, await bed.as(expiring, 'SELLER')));
  await until(() => handlers.begun - handlers.ended === 3);
  bed.revoke(revoked);
  assert.equal([(await byRevoked).code, (await byRevoked).reason], [status.UNAUTHENTICATED, 'TOKEN_REFUSED']);
  assert.is(handlers.begun - handlers.ended, 2);
  bed.shiftClock(11 * MINUTE_MS);
  const byStaying = readAll(forSellers.watch({ id }, await bed.as(staying, 'SELLER')));
  assert.equal([(await byExpiring).code, (await byExpiring).reason], [status.UNAUTHENTICATED, 'TOKEN_REFUSED']);
  await until(() => handlers.begun - handlers.ended === 2);
  await Promise.all([open.stop(), forSellers.stop()]);
  for (const ended of [await stranger, await byStaying])
    assert.equal([ended.code, ended.reason], [status.UNAVAILABLE, 'SERVICE_UNAVAILABLE']);
  assert.is(handlers.begun, handlers.ended);
});

test('a stream whose contract has a timeout ends by it', async () => {
  messages = quiet;
  const timed = await serve(watchLike({ call: listMyProjects }));
  const startedMs = performance.now();
  const ended = await readAll(timed.watch({ id }));
  assert.equal([ended.numbers, ended.code, ended.reason], [[1], status.DEADLINE_EXCEEDED, 'TIMEOUT']);
  assert.ok(performance.now() - startedMs > 1_900);
  await timed.stop();
});

test('open streams do not stand in the way of calls, and each is counted once, when it ends', async () => {
  messages = quiet;
  const { watch, metrics, stop } = await serve(watchLike());
  const streams = Array.from({ length: 600 }, () => readAll(watch({ id })));
  await until(async () => /^moa_open_streams\S* 600$/m.test(await metrics()));
  assert.not.match(await metrics(), /moa_rpc_seconds_count.*WatchProject/);
  messages = async function* () {
    yield message(7);
  };
  assert.equal((await readAll(watch({ id }))).numbers, [7]);
  assert.match(await metrics(), /moa_rpc_seconds_count.*WatchProject.*code="OK"\S* 1$/m);
  await stop();
  assert.ok((await Promise.all(streams)).every(({ code, reason }) => code === status.UNAVAILABLE && reason === 'SERVICE_UNAVAILABLE'));
});

test.after(async () => {
  await forFresh.stop();
  await bed.close();
});
test.run();
