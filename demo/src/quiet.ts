// What is due at this hour and not yet done, by the stagehands' own look into the tables.

import type { Stage } from './stage.js';
import { untoldEvents } from './stores.js';

interface Left {
  readonly what: string;
  readonly count: number;
}

const DUE_IN_FUNDING = `
  SELECT 'projects to open' AS what, count(*)::int AS count FROM project WHERE state = 'SCHEDULED' AND start_time <= $1
  UNION ALL SELECT 'projects to close', count(*)::int FROM project WHERE state = 'LIVE' AND close_time <= $1
  UNION ALL SELECT 'projects to sweep', count(*)::int FROM sweep
  UNION ALL SELECT 'pledges being charged', count(*)::int FROM pledge WHERE state = 'CHARGING'
  UNION ALL SELECT 'charges to try again', count(*)::int FROM pledge WHERE state = 'PAYMENT_FAILED' AND next_charge_time <= $1
  UNION ALL SELECT 'projects to settle', count(*)::int FROM project j WHERE state = 'CHARGING'
    AND NOT EXISTS (SELECT FROM pledge p WHERE p.project_id = j.id AND p.state IN ('ACTIVE', 'CHARGING', 'PAYMENT_FAILED'))`;

const OPEN_IN_PAYMENT = `SELECT 'charges under way' AS what, count(*)::int AS count FROM attempt WHERE state IN ('PENDING', 'UNKNOWN')`;
const DUE_IN_PURCHASE = `
  SELECT 'checkouts to bring on' AS what, count(*)::int AS count FROM checkout WHERE next_time <= $1 OR state IN ('COMMITTING', 'UNDOING')
  UNION ALL SELECT 'things to give back', count(*)::int FROM give_back WHERE due_time IS NOT NULL`;

export async function whatIsLeftToDo(stage: Stage): Promise<string[]> {
  // In the order in which one leads to the next, so that a busy house is asked one question only.
  const looks: (() => Promise<Left[]>)[] = [
    () => stage.sql<Left>('funding', DUE_IN_FUNDING, [stage.now()]),
    () => stage.sql<Left>('payment', OPEN_IN_PAYMENT),
    () => stage.sql<Left>('purchase', DUE_IN_PURCHASE, [stage.now()]),
    async () => (await untoldEvents(stage)).map(({ events }) => ({ what: 'events to tell', count: events })),
    async () => [
      {
        what: 'events to hear',
        count: (await stage.consumers()).reduce((sum, { pending, unacknowledged }) => sum + pending + unacknowledged, 0),
      },
    ],
  ];
  for (const look of looks) {
    const left = (await look()).filter(({ count }) => count > 0);
    if (left.length > 0) return left.map(({ what, count }) => `${count} ${what}`);
  }
  return [];
}
