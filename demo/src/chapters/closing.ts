// Time passes: projects close, those that made it are charged, refused cards are tried again day by day.

import { DAY_MS } from '../stack.js';
import type { Stage } from '../stage.js';

const HOUR_MS = 3_600_000;
/** A day's work is looked for a little after it is due. */
const A_LITTLE_LATER_MS = 60_000;

export interface DayReport {
  readonly charged: number;
  readonly refused: number;
  readonly waiting: number;
}

/** To the last half hour before a project closes. */
export function toTheLastHour(stage: Stage, closeTime: Date): Promise<void> {
  return stage.passTimeTo(new Date(closeTime.getTime() - HOUR_MS / 2));
}

/** To just after a close, and until everything that is due has been done. */
export async function pastTheClose(stage: Stage, closeTime: Date): Promise<DayReport> {
  await stage.passTimeTo(new Date(closeTime.getTime() + A_LITTLE_LATER_MS));
  return untilQuiet(stage);
}

/** To the next day; refused cards are due again. */
export async function nextDay(stage: Stage): Promise<DayReport> {
  await stage.passTimeTo(new Date(stage.now().getTime() + DAY_MS + A_LITTLE_LATER_MS));
  return untilQuiet(stage);
}

async function untilQuiet(stage: Stage): Promise<DayReport> {
  await stage.untilQuiet();
  const [row] = await stage.sql<{ charged: number; refused: number; waiting: number }>(
    'funding',
    `SELECT count(*) FILTER (WHERE state = 'PAID')::int AS charged, count(*) FILTER (WHERE state = 'DROPPED')::int AS refused,
       count(*) FILTER (WHERE state = 'PAYMENT_FAILED')::int AS waiting
     FROM pledge WHERE project_id = ANY($1)`,
    [stage.projectIds],
  );
  return row ?? { charged: 0, refused: 0, waiting: 0 };
}
