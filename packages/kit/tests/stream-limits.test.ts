// Streams that are ended for what they do not do, with limits short enough to wait for.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Metadata, status } from '@grpc/grpc-js';
import type { WatchProjectResponse } from '@moa/contracts/funding/v1/project_service';
import { openTestbed, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { addService, type Call, certificatesIn, createServer, openStreams, realClock } from '../src/index.js';
import { message, readAll, watchLike } from './stream-support.js';
import { NOTHING_REVOKED } from './support.js';

const bed = await openTestbed('stream-limits');
const LIMITS = { idleMs: 1_000, slowMs: 1_000, lookEveryMs: 50, ofOneCaller: 3 };

let messages: (call: Call) => AsyncIterable<WatchProjectResponse>;
const finished: string[] = [];
const streams = openStreams(LIMITS);
const callers = new Map(
  ['one', 'other'].map((accountId) => [
    accountId,
    { caller: { accountId, roles: ['USER'], scopes: [], sessionId: accountId }, token: '', holds: () => true },
  ]),
);
const server = createServer();
const service = watchLike();
addService(
  server,
  service,
  { watchProject: (_, call) => messages(call) },
  {
    ...NOTHING_REVOKED,
    identify: (metadata) => callers.get(String(metadata.get('caller')[0])),
    clock: realClock,
    streams,
    finished: (_, error) => finished.push((error as { reason?: string } | null)?.reason ?? String(error)),
  },
);
const certificates = certificatesIn(bed.certificates('funding'));
await certificates.read();
const port = await new Promise<number>((resolve, reject) =>
  server.bindAsync('127.0.0.1:0', certificates.server, (error, bound) => (error ? reject(error) : resolve(bound))),
);
const { watchProject } = bed.connect(service, `127.0.0.1:${port}`);
const watch = () => watchProject({ id: randomUUID() });

test('a reader who takes nothing is sent away, keeps what is on its way, and can come again', async () => {
  let ended = false;
  messages = async function* () {
    try {
      for (let number = 1; ; number++) yield message(number, 50_000);
    } finally {
      ended = true;
    }
  };
  const stream = watch();
  await once(stream, 'data');
  stream.pause();
  await until(() => ended);
  assert.equal(finished.splice(0), ['READER_TOO_SLOW']);
  assert.is(streams.count(), 0);
  const { numbers, code, reason } = await readAll(stream);
  assert.equal([code, reason], [status.RESOURCE_EXHAUSTED, 'READER_TOO_SLOW']);
  assert.equal(
    numbers,
    numbers.map((_, index) => index + 2),
  );
  assert.ok(numbers.length < 64, `${numbers.length}`);
  const again = watch();
  const [first] = (await once(again, 'data')) as [WatchProjectResponse];
  assert.is(first.progress!.percent, 1);
  again.cancel();
  await until(() => finished.splice(0).includes('CANCELED'));
});

test('a reader who is slow, but reads, is not sent away', async () => {
  messages = async function* () {
    for (let number = 0; number < 60; number++) yield message(number, 50_000);
  };
  const numbers: number[] = [];
  const stream = watch();
  for await (const { progress } of stream) {
    numbers.push(progress!.percent);
    await sleep(40);
  }
  assert.is(numbers.length, 60);
  assert.equal(finished.splice(0), ['null']);
});

test('a stream that says nothing ends, one that says something now and then does not', async () => {
  messages = async function* ({ signal }) {
    for (let number = 0; number < 4; number++) {
      yield message(number);
      await sleep(400);
    }
    await once(signal, 'abort');
  };
  const { numbers, code, reason } = await readAll(watch());
  assert.equal([numbers, code, reason], [[0, 1, 2, 3], status.UNAVAILABLE, 'STREAM_IDLE']);
  assert.equal(finished.splice(0), ['STREAM_IDLE']);
});

test('one caller has so many open at once, whatever others have, and another when one has ended', async () => {
  messages = async function* ({ signal }) {
    yield message(1);
    await once(signal, 'abort');
  };
  const as = (caller: string) => {
    const metadata = new Metadata();
    metadata.set('caller', caller);
    return watchProject({ id: randomUUID() }, metadata);
  };
  const open = ['one', 'one', 'one', 'other'].map(as);
  await Promise.all(open.map((stream) => once(stream, 'data')));
  const { code, reason } = await readAll(as('one'));
  assert.equal([code, reason], [status.RESOURCE_EXHAUSTED, 'STREAMS_TOO_MANY']);
  open[0]!.cancel();
  await until(() => finished.includes('CANCELED'));
  const next = as('one');
  await once(next, 'data');
  for (const stream of [...open, next]) stream.cancel();
  await until(() => streams.count() === 0);
});

test('after the stop no stream begins', async () => {
  streams.endAll();
  const { code, reason } = await readAll(watch());
  assert.equal([code, reason], [status.UNAVAILABLE, 'SERVICE_UNAVAILABLE']);
});

test.after(async () => {
  server.forceShutdown();
  await bed.close();
});
test.run();
