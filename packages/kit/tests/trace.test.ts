import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { childTrace, traceIdOf } from '../src/trace.js';

const FORMAT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;
const given = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

test('a child stays in its trace, with a span of its own and the flags as they were', () => {
  const child = childTrace(given);
  assert.match(child, FORMAT);
  assert.is(traceIdOf(child), '4bf92f3577b34da6a3ce929d0e0e4736');
  assert.is(child.slice(-3), '-01');
  assert.is.not(child, given);
});

test('without a valid context a new trace begins', () => {
  const invalid = [
    undefined,
    '',
    'x',
    given.toUpperCase(),
    `${given}-more`,
    `ff${given.slice(2)}`,
    '00-00000000000000000000000000000000-00f067aa0ba902b7-01',
    '00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01',
  ];
  const ids = invalid.map((context) => {
    const trace = childTrace(context);
    assert.match(trace, FORMAT);
    return traceIdOf(trace);
  });
  assert.is(new Set([...ids, traceIdOf(given)]).size, invalid.length + 1, 'all are different');
});

test('spans do not repeat', () => {
  const spans = Array.from({ length: 10_000 }, () => childTrace(given).slice(36, 52));
  assert.is(new Set(spans).size, spans.length);
});

test.run();
