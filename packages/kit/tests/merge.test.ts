import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mergeCalls, type Outcome } from '../src/merge.js';
import { gate } from './gate.js';

const double = (items: readonly number[]): Outcome<number>[] => items.map((value) => ({ value: value * 2 }));

test('who comes alone is served alone, and who comes meanwhile is served together, at most so many at once', async () => {
  const together: number[] = [];
  const gates = [gate(), gate(), gate()];
  const call = mergeCalls(3, async (items: readonly number[]) => {
    const run = together.push(items.length) - 1;
    await gates[run]!.opened;
    return double(items);
  });
  const answers = [1, 2, 3, 4, 5].map(call);
  for (const { open } of gates) open();
  assert.equal(await Promise.all(answers), [2, 4, 6, 8, 10]);
  assert.equal(together, [1, 3, 1]);
});

test('each has its own outcome: one that is refused fails nobody else', async () => {
  const call = mergeCalls(8, async (items: readonly number[]) =>
    items.map((value): Outcome<number> => (value < 0 ? { error: new Error(`no ${value}`) } : { value })),
  );
  const outcomes = await Promise.allSettled([1, -2, 3].map(call));
  assert.equal(
    outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : outcome.reason.message)),
    [1, 'no -2', 3],
  );
});

test('when all fail together, each is tried by itself', async () => {
  const runs: number[][] = [];
  const call = mergeCalls(8, async (items: readonly number[]) => {
    runs.push([...items]);
    if (items.includes(3)) throw new Error('broken by 3');
    return double(items);
  });
  const outcomes = await Promise.allSettled([1, 2, 3, 4].map(call));
  assert.equal(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'rejected', 'fulfilled'],
  );
  assert.equal(runs, [[1], [2, 3, 4], [2], [3], [4]]);
});

test('after a failure the next is served', async () => {
  let fails = true;
  const call = mergeCalls(8, async (items: readonly number[]) => {
    if (fails) throw new Error('down');
    return double(items);
  });
  await call(1).then(
    () => assert.unreachable(),
    () => {},
  );
  fails = false;
  assert.is(await call(2), 4);
});

test.run();
