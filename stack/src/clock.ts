// The one clock of a stack is the machine's plus an offset in a file, which every service reads.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';

const UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

export function clockOffsetMs(file: string): number {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).offsetMs;
  } catch {
    return 0;
  }
}

/** Moves the clock; gives the new offset. */
export function shiftClock(file: string, byMs: number): number {
  const offsetMs = clockOffsetMs(file) + byMs;
  writeFileSync(`${file}.new`, JSON.stringify({ offsetMs }));
  renameSync(`${file}.new`, file);
  return offsetMs;
}

/** "36h", "14d", "-1w2d": undefined for what is no duration. */
export function durationMs(text: string): number | undefined {
  const parts = /^(-?)((?:\d+[smhdw])+)$/.exec(text);
  if (!parts) return undefined;
  const ms = [...parts[2]!.matchAll(/(\d+)([smhdw])/g)].reduce((sum, [, count, unit]) => sum + Number(count) * UNITS_MS[unit!]!, 0);
  return parts[1] ? -ms : ms;
}
