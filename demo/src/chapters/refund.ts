// A parcel arrived broken: staff give one paid pledge back in full.

import type { Person } from '../people.js';
import { won } from '../print.js';
import type { Stage } from '../stage.js';

export async function giveOneBack(stage: Stage, admin: Person): Promise<string> {
  const [paid] = await stage.sql<{ id: string; total: string }>(
    'funding',
    `SELECT id, total_minor AS total FROM pledge WHERE state = 'PAID' AND project_id = ANY($1) ORDER BY total_minor DESC, id LIMIT 1`,
    [stage.projectIds],
  );
  if (!paid) return 'nobody has paid';
  await admin.signIn();
  await admin.moa.pledges.refundPledge({ id: paid.id, reason: '배송 중 파손되어 전액 환불합니다.' });
  await stage.untilQuiet();
  return won(BigInt(paid.total));
}
