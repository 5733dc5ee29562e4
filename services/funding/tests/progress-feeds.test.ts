// How progress is shared among those who watch: what is asked of the database, and what each of them gets.
import { randomUUID } from 'node:crypto';
import type { WatchProjectResponse } from '@moa/contracts/funding/v1/project_service';
import { until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Standing } from '../src/domain/project.js';
import { openProgressFeeds } from '../src/progress-feeds.js';

const NOW = new Date('2027-01-01T00:00:00Z');

/** Feeds over rows in memory, with a count of how often they were read. */
function openFeeds() {
  const rows = new Map<string, Standing>();
  const asked: (readonly string[])[] = [];
  let down = false;
  const feeds = openProgressFeeds(
    async (ids) => {
      asked.push(ids);
      if (down) throw new Error('no database');
      return ids.flatMap((id) => rows.get(id) ?? []);
    },
    () => NOW,
  );
  const stop = new AbortController();
  return {
    asked,
    look: () => feeds.look(NOW),
    put(id: string, raised: number, more: Partial<Standing> = {}) {
      rows.set(id, {
        id,
        public: true,
        state: 'LIVE',
        kind: 'ALL_OR_NOTHING',
        currency: 'KRW',
        goalMinor: 1_000n,
        raisedMinor: BigInt(raised),
        pledgeCount: raised / 10,
        closeTime: new Date('2027-02-01T00:00:00Z'),
        ...more,
      });
      return id;
    },
    fail: (failing: boolean) => {
      down = failing;
    },
    leave: () => stop.abort(),
    /** What a viewer has seen so far, and how it ended. */
    watch(id: string) {
      const seen: number[] = [];
      let outcome = 'watching';
      void (async () => {
        for await (const { progress } of feeds.watch(id, stop.signal)) seen.push(Number(progress!.raised!.amountMinor));
      })().then(
        () => {
          outcome = 'ended';
        },
        (error) => {
          outcome = error.reason ?? error.message;
        },
      );
      return { seen, outcome: () => outcome };
    },
    open: (id: string) => feeds.watch(id, stop.signal),
  };
}

const settle = () => new Promise(setImmediate);

test('a thousand viewers cost one question when they come, one each time, and none when they have left', async () => {
  const { asked, look, put, watch, leave } = openFeeds();
  const [a, b] = [put(randomUUID(), 0), put(randomUUID(), 500)];
  const viewers = Array.from({ length: 1_000 }, (_, index) => watch(index % 2 ? a : b));
  await settle();
  assert.is(asked.length, 2);
  put(a, 10);
  await look();
  await look();
  put(a, 20);
  await look();
  await settle();
  assert.equal(asked.slice(2), [
    [b, a],
    [b, a],
    [b, a],
  ]);
  for (const [index, { seen }] of viewers.entries()) assert.equal(seen, index % 2 ? [0, 10, 20] : [500]);
  leave();
  await until(() => viewers.every(({ outcome }) => outcome() === 'ended'));
  await look();
  assert.is(asked.length, 5);
});

test('who comes late has the present at once, without a question', async () => {
  const { asked, look, put, watch, leave } = openFeeds();
  const id = put(randomUUID(), 0);
  watch(id);
  await settle();
  put(id, 30);
  await look();
  const before = asked.length;
  const late = watch(id);
  await settle();
  assert.equal(late.seen, [30]);
  assert.is(asked.length, before);
  leave();
});

test('who reads slowly misses what lay between, and never the latest', async () => {
  const { look, put, open, leave } = openFeeds();
  const id = put(randomUUID(), 0);
  const viewer = open(id);
  const next = async () => Number(((await viewer.next()).value as WatchProjectResponse).progress!.raised!.amountMinor);
  assert.is(await next(), 0);
  for (const raised of [10, 20, 30]) {
    put(id, raised);
    await look();
  }
  assert.is(await next(), 30);
  const last = next();
  put(id, 40);
  await look();
  assert.is(await last, 40);
  leave();
});

test('the last message comes when the total is frozen, not when the close time has passed', async () => {
  const { look, put, watch } = openFeeds();
  const id = put(randomUUID(), 990, { closeTime: NOW });
  const viewer = watch(id);
  await settle();
  assert.is(viewer.outcome(), 'watching');
  put(id, 1_000, { closeTime: NOW });
  await look();
  put(id, 1_000, { closeTime: NOW, state: 'CHARGING' });
  await look();
  await settle();
  assert.equal([viewer.seen, viewer.outcome()], [[990, 1_000, 1_000], 'ended']);
  const late = watch(id);
  await settle();
  assert.equal([late.seen, late.outcome()], [[1_000], 'ended']);
});

test('what is not there, or not public, is found by none of those who ask, and found once it is', async () => {
  const { put, watch, leave } = openFeeds();
  const id = randomUUID();
  const early = [watch(id), watch(id)];
  const hidden = watch(put(randomUUID(), 0, { public: false, state: 'DRAFT' }));
  await settle();
  for (const viewer of [...early, hidden]) assert.equal([viewer.seen, viewer.outcome()], [[], 'PROJECT_NOT_FOUND']);
  put(id, 0);
  const viewer = watch(id);
  await settle();
  assert.equal(viewer.seen, [0]);
  leave();
});

test('an outage is told to those who come during it, and overcome by those who were there', async () => {
  const { look, put, watch, fail, leave } = openFeeds();
  const [id, other] = [put(randomUUID(), 0), put(randomUUID(), 0)];
  const viewer = watch(id);
  await settle();
  fail(true);
  await look().then(
    () => assert.unreachable(),
    (error) => assert.is(error.message, 'no database'),
  );
  const newcomer = watch(other);
  await settle();
  assert.is(newcomer.outcome(), 'no database');
  fail(false);
  put(id, 10);
  await look();
  await settle();
  assert.equal([viewer.seen, viewer.outcome()], [[0, 10], 'watching']);
  leave();
});

test.run();
