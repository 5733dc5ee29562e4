// The story ends as its seed says, whatever happened on the way.
import type { LiveProject } from '../chapters/projects.js';
import type { Expectation, ExpectedPledge } from '../expectation.js';
import { won } from '../print.js';
import type { Stage } from '../stage.js';
import { type Check, noneOf } from './check.js';

interface Row {
  readonly id: string;
  readonly raised: string;
  readonly paid: number;
  readonly dropped: number;
  readonly released: number;
}

const countOf = (pledges: readonly ExpectedPledge[], ends: ExpectedPledge['ends']) =>
  pledges.filter((pledge) => pledge.ends === ends).length;

export const totalsCheck = (projects: readonly LiveProject[], { projects: expected, contended }: Expectation): Check => ({
  says: 'what was raised, paid, dropped and released is what the seed tells',
  async look(stage: Stage) {
    const rows = await stage.sql<Row>(
      'funding',
      `SELECT j.id, j.raised_minor AS raised, (count(*) FILTER (WHERE p.state IN ('PAID', 'REFUNDED')))::int AS paid,
         (count(*) FILTER (WHERE p.state = 'DROPPED'))::int AS dropped, (count(*) FILTER (WHERE p.state = 'RELEASED'))::int AS released
       FROM project j LEFT JOIN pledge p ON p.project_id = j.id WHERE j.id = ANY($1) GROUP BY j.id`,
      [stage.projectIds],
    );
    const broken: string[] = [];
    for (const { data, isUpToTheRace, raised, pledges } of expected) {
      if (isUpToTheRace) continue;
      const row = rows.find(({ id }) => id === projects.find((project) => project.data === data)?.id);
      const should = `${raised}: ${countOf(pledges, 'PAID')} paid, ${countOf(pledges, 'DROPPED')} dropped, ${countOf(pledges, 'RELEASED')} released`;
      const is = row && `${row.raised}: ${row.paid} paid, ${row.dropped} dropped, ${row.released} released`;
      if (is !== should) broken.push(`${data.title} raised ${is} and not ${should}`);
    }
    const total = expected.reduce((sum, { raised }) => sum + raised, 0);
    const race = contended > 0 ? `, ${contended} of them up to the race for a reward` : '';
    return noneOf(broken, `${won(total)} in ${expected.length} projects${race}`);
  },
});
