import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { realClock, shiftedClock } from '../src/clock.js';
import { newId } from '../src/ids.js';

const DAY_MS = 86_400_000;
const folder = mkdtempSync(join(tmpdir(), 'moa-clock-'));
const file = join(folder, 'clock.json');
const shift = (offsetMs: number) => writeFileSync(file, JSON.stringify({ offsetMs }));
const isAbout = (date: Date, ms: number) =>
  assert.ok(Math.abs(date.getTime() - ms) < 1_000, `${date.toISOString()} is about ${new Date(ms).toISOString()}`);

test('without a file it is the real clock', () => {
  isAbout(shiftedClock(join(folder, 'absent.json')).now(), Date.now());
  isAbout(realClock.now(), Date.now());
});

test('a file that appears, changes and goes away counts from the next reading on', () => {
  const clock = shiftedClock(file);
  isAbout(clock.now(), Date.now());
  shift(14 * DAY_MS);
  isAbout(clock.now(), Date.now() + 14 * DAY_MS);
  shift(-DAY_MS);
  isAbout(clock.now(), Date.now() - DAY_MS);
  rmSync(file);
  isAbout(clock.now(), Date.now());
});

test('no change is missed, however fast they come', () => {
  const clock = shiftedClock(file);
  for (let days = 1; days <= 200; days++) {
    shift(days * DAY_MS);
    isAbout(clock.now(), Date.now() + days * DAY_MS);
  }
});

test('ids are UUIDv7 and sort by their birth, also within a millisecond', () => {
  const ids = Array.from({ length: 5_000 }, newId);
  assert.equal(ids.toSorted(), ids);
  assert.is(new Set(ids).size, ids.length);
  for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test.after(() => rmSync(folder, { recursive: true }));
test.run();
