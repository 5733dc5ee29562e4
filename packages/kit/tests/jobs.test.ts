import { once } from 'node:events';
import { until } from '@moa/testkit';
import { pino } from 'pino';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { realClock } from '../src/clock.js';
import { type JobRun, startJob } from '../src/jobs.js';
import { gate } from './gate.js';

const HOUR_MS = 3_600_000;
const lines: Record<string, unknown>[] = [];
const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
const start = (everyMs: number, work: (run: JobRun) => Promise<void>, clock = realClock) => startJob('toy', everyMs, clock, log, work);

test('a job runs at once, and again and again', async () => {
  let runs = 0;
  const job = start(1, async () => void runs++);
  await until(() => runs >= 5);
  await job.stop();
});

test('it never runs twice at once, however often it is woken; woken under way, it runs once more', async () => {
  let [runs, atOnce] = [0, 0];
  const gates = [gate(), gate(), gate()];
  const job = start(HOUR_MS, async () => {
    assert.is(++atOnce, 1);
    await gates[runs++]!.opened;
    atOnce--;
  });
  for (let i = 0; i < 10; i++) job.wake();
  assert.is(runs, 1);
  gates[0]!.open();
  await until(() => runs === 2);
  gates[1]!.open();
  // Had it been woken a third time, it would run by now: a wake-up now is what starts it.
  for (let i = 0; i < 20; i++) await new Promise(setImmediate);
  assert.is(runs, 2);
  job.wake();
  await until(() => runs === 3);
  gates[2]!.open();
  await job.stop();
});

test('a wake-up ends the wait', async () => {
  let runs = 0;
  const job = start(HOUR_MS, async () => void runs++);
  for (let expected = 1; expected <= 5; expected++) {
    await until(() => runs === expected);
    job.wake();
  }
  await job.stop();
});

test('an error is logged, and the job goes on', async () => {
  let runs = 0;
  const job = start(1, async () => {
    if (++runs < 3) throw new Error('the store is away');
  });
  await until(() => runs >= 4);
  await job.stop();
  const errors = lines.filter(({ msg }) => msg === 'job failed');
  assert.is(errors.length, 2);
  assert.is(errors[0]!['job'], 'toy');
  assert.match((errors[0]!['err'] as { message: string }).message, 'the store is away');
});

test('stopping tells the work, waits for it, and starts no other', async () => {
  let [runs, isEnded] = [0, false];
  const { opened, open } = gate();
  const job = start(1, async ({ signal }) => {
    runs++;
    await once(signal, 'abort');
    await opened;
    isEnded = true;
  });
  await until(() => runs === 1);
  job.wake();
  const stopped = job.stop();
  open();
  await stopped;
  assert.equal([runs, isEnded], [1, true]);
});

test('an error while stopping is nobody’s concern', async () => {
  lines.length = 0;
  const job = start(HOUR_MS, async ({ signal }) => {
    await once(signal, 'abort');
    throw new Error('stopped in the middle');
  });
  await job.stop();
  assert.equal(lines, []);
});

test('each run has the time of the one clock, and a trace of its own', async () => {
  const runs: JobRun[] = [];
  const clock = { now: () => new Date(Date.UTC(2030, 0, 1 + runs.length)) };
  const job = start(1, async (run) => void runs.push(run), clock);
  await until(() => runs.length >= 2);
  await job.stop();
  assert.equal(
    runs.slice(0, 2).map(({ at }) => at.toISOString().slice(0, 10)),
    ['2030-01-01', '2030-01-02'],
  );
  assert.is.not(runs[0]!.trace, runs[1]!.trace);
});

test.run();
