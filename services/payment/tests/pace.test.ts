import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Api, openApi } from '../src/provider/http.js';
import { makePace } from '../src/provider/pace.js';
import { OutcomeUnknown } from '../src/provider/port.js';

const FOREVER_MS = 60_000;
// A timer may be a little early.
const EARLY_MS = 5;

const since = async (work: () => Promise<unknown>): Promise<number> => {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
};

test('callers pass one at a time, so many a second, whoever calls', async () => {
  const pace = makePace(100);
  const ms = await since(() => Promise.all(Array.from({ length: 21 }, () => pace.turn(FOREVER_MS))));
  assert.ok(ms >= 200 - EARLY_MS, `20 gaps of 10 ms: ${ms}`);
});

test('who cannot wait so long takes no turn away from others', async () => {
  const pace = makePace(10);
  assert.ok(await pace.turn(0));
  assert.equal(
    await Promise.all(Array.from({ length: 50 }, () => pace.turn(50))),
    Array.from({ length: 50 }, () => false),
  );
  const ms = await since(() => pace.turn(FOREVER_MS));
  assert.ok(ms < 200, `the next turn, and not the 51st: ${ms}`);
});

test('after 429 nobody calls before the time that the provider named, and who cannot wait is told at once', async () => {
  const calls: number[] = [];
  const server = createServer((_, response) => {
    calls.push(performance.now());
    const refused = calls.length === 1;
    response.writeHead(refused ? 429 : 200, { 'content-type': 'application/json', ...(refused && { 'retry-after': '1' }) }).end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const api: Api = openApi({ url, authorization: 'x', timeoutMs: 5_000, ratePerSecond: 1_000 });
  const ask = (timeoutMs: number) => api({ method: 'GET', path: '/', name: '/', timeoutMs });
  const error = await ask(5_000).catch((cause: unknown) => cause);
  assert.instance(error, OutcomeUnknown);
  assert.instance(await ask(100).catch((cause: unknown) => cause), OutcomeUnknown);
  assert.is(calls.length, 1);
  await ask(5_000);
  assert.ok(calls[1]! - calls[0]! >= 1_000 - EARLY_MS);
  server.closeAllConnections();
  server.close();
});

test.run();
