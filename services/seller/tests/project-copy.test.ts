import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { hearClosed, hearPublished, hearSettled, type Outcome, type ProjectCopy, percentOf } from '../src/domain/project-copy.js';

const test = suite('project copy');
const day = (number: number) => new Date(Date.UTC(2026, 11, number));

const UNHEARD: ProjectCopy = {
  id: 'project',
  sellerId: 'seller',
  title: null,
  currency: null,
  goalMinor: null,
  closeTime: null,
  publishVersion: null,
  outcome: null,
  raisedMinor: null,
  pledgeCount: null,
  closedTime: null,
  closeVersion: null,
  settleTime: null,
  settleVersion: null,
  phase: null,
  endTime: null,
};

type Hear = (copy: ProjectCopy) => ProjectCopy;
const published: Hear = (copy) =>
  hearPublished(copy, { title: '달항아리', currency: 'KRW', goalMinor: 100n, closeTime: day(1), publishVersion: 1n });
const closed =
  (outcome: Outcome, version: bigint, time: Date): Hear =>
  (copy) =>
    hearClosed(copy, { outcome, raisedMinor: version * 100n, pledgeCount: 1, closedTime: time, closeVersion: version });
const settled: Hear = (copy) => hearSettled(copy, { settleTime: day(8), settleVersion: 3n });

function ordersOf<T>(items: readonly T[]): T[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((item, index) => ordersOf(items.toSpliced(index, 1)).map((rest) => [item, ...rest]));
}
const afterAll = (order: readonly Hear[]) => order.reduce((copy, hear) => hear(copy), UNHEARD);

test('what is heard in any order, each once or twice, ends in the same copy', () => {
  const stories: [Hear[], ProjectCopy['phase'], Date | null][] = [
    [[published], 'LIVE', null],
    [[published, closed('CHARGING', 2n, day(1))], 'CHARGING', null],
    [[published, closed('CHARGING', 2n, day(1)), settled], 'SUCCEEDED', day(8)],
    [[published, closed('FAILED', 2n, day(1))], 'FAILED', day(1)],
    // Canceled after it had succeeded.
    [[published, closed('CHARGING', 2n, day(1)), settled, closed('CANCELED', 4n, day(9))], 'CANCELED', day(9)],
  ];
  for (const [story, phase, endTime] of stories) {
    const expected = afterAll(story);
    assert.equal([expected.phase, expected.endTime], [phase, endTime]);
    for (const order of ordersOf(story)) {
      assert.equal(afterAll(order), expected);
      assert.equal(afterAll([...order, ...order]), expected);
    }
  }
});

test('a project that was canceled before it opened is no funding', () => {
  const { phase, endTime } = afterAll([closed('CANCELED', 1n, day(1))]);
  assert.equal([phase, endTime], [null, null]);
});

test('the percentage is rounded down, and may pass 100', () => {
  assert.equal([percentOf(0n, 3n), percentOf(2n, 3n), percentOf(10n, 3n)], [0, 66, 333]);
  assert.is(percentOf(10n ** 12n, 1n), 2 ** 32 - 1);
});

test.run();
