// Every backer opens My Page: it shows what funding's own table holds.

import { PledgeSummary_State } from '@moa/contracts/user/v1/user';
import { atOnce } from '../at-once.js';
import { type Finding, noneOf } from '../checks/check.js';
import type { Stage } from '../stage.js';
import type { Guest } from './backers.js';

const CROWD = 16;

export async function compareMyPages(stage: Stage, guests: readonly Guest[]): Promise<Finding> {
  const rows = await stage.sql<{ id: string; backer_id: string; state: string; total: string; title: string }>(
    'funding',
    `SELECT p.id, p.backer_id, p.state, p.total_minor AS total, j.title FROM pledge p JOIN project j ON j.id = p.project_id WHERE p.backer_id = ANY($1)`,
    [guests.map(({ person }) => person.accountId)],
  );
  const broken: string[] = [];
  let shown = 0;
  await atOnce(CROWD, guests, async ({ backer, person }) => {
    const { profile, pledges } = await person.moa.users.getMyPage({});
    const mine = rows.filter(({ backer_id }) => backer_id === person.accountId);
    const expected = mine.map(({ id, state, total, title }) => `${id} ${state} ${total} ${title}`).sort();
    const found = (pledges?.newest ?? [])
      .map(({ pledgeId, state, total, projectTitle }) => `${pledgeId} ${nameOf(state)} ${total?.amountMinor} ${projectTitle}`)
      .sort();
    shown += found.length;
    if (profile?.name !== backer.name) broken.push(`${person.email} is called ${profile?.name}`);
    if (found.join() !== expected.join() || pledges?.totalCount !== mine.length)
      broken.push(`${person.email}: ${found.join(', ')} and not ${expected.join(', ')}`);
  });
  return noneOf(broken, `${guests.length} pages, ${shown} pledges`);
}

function nameOf(state: PledgeSummary_State): string {
  const found = Object.entries(PledgeSummary_State).find(([, value]) => value === state);
  return found?.[0].replace('STATE_', '') ?? String(state);
}
