// Stock, limits and totals: the pledges themselves are added up.
// Only a canceled or released pledge gives its rewards back; after a success nobody could take them.

import type { Check } from './check.js';
import { noneOf } from './check.js';

interface Wrong {
  readonly what: string;
}

const wrongOf = (rows: readonly Wrong[]) => rows.map(({ what }) => what);

export const fundingChecks: Check[] = [
  {
    says: 'no reward was given more often than there are, and what is left is what was not taken',
    async look(stage) {
      const rows = await stage.sql<{ what: string; stock: number; remaining: number; taken: number }>(
        'funding',
        `SELECT r.title AS what, r.stock, r.remaining, coalesce(sum(l.quantity) FILTER (WHERE p.state NOT IN ('CANCELED', 'RELEASED')), 0)::int AS taken
         FROM reward r LEFT JOIN pledge_line l ON l.reward_id = r.id LEFT JOIN pledge p ON p.id = l.pledge_id
         WHERE r.stock IS NOT NULL GROUP BY r.id`,
      );
      const wrong = rows.filter(({ stock, remaining, taken }) => remaining < 0 || taken > stock || remaining + taken !== stock);
      const full = rows.filter(({ remaining }) => remaining === 0).length;
      return noneOf(
        wrong.map(({ what, stock, remaining, taken }) => `${what}: ${stock} in all, ${taken} taken, ${remaining} left`),
        `${rows.length} limited rewards, ${full} sold out`,
      );
    },
  },
  {
    says: 'nobody has more of a reward than its limit',
    async look(stage) {
      const rows = await stage.sql<{ what: string; most: number; had: number }>(
        'funding',
        `SELECT r.title AS what, r.limit_per_backer AS most, sum(l.quantity)::int AS had FROM reward r
         JOIN pledge_line l ON l.reward_id = r.id JOIN pledge p ON p.id = l.pledge_id
         WHERE r.limit_per_backer > 0 AND p.state IN ('ACTIVE', 'CHARGING', 'PAID', 'PAYMENT_FAILED') GROUP BY r.id, p.backer_id`,
      );
      return noneOf(wrongOf(rows.filter(({ most, had }) => had > most)), `${rows.length} backers of limited rewards`);
    },
  },
  {
    says: 'what a project raised is the sum of its pledges',
    async look(stage) {
      const rows = await stage.sql<{ what: string; raised: string; sum: string; counted: number; count: number }>(
        'funding',
        `SELECT j.title AS what, j.raised_minor AS raised, j.pledge_count AS counted,
           coalesce(sum(p.total_minor) FILTER (WHERE p.state <> 'CANCELED' AND NOT p.late), 0) AS sum,
           (count(p.id) FILTER (WHERE p.state <> 'CANCELED' AND NOT p.late))::int AS count
         FROM project j LEFT JOIN pledge p ON p.project_id = j.id WHERE j.public GROUP BY j.id`,
      );
      const wrong = rows.filter(({ raised, sum, counted, count }) => raised !== sum || counted !== count);
      return noneOf(
        wrong.map(({ what, raised, sum }) => `${what}: ${raised}, pledges ${sum}`),
        `${rows.length} projects`,
      );
    },
  },
  {
    says: 'what a pledge costs is the sum of its lines',
    async look(stage) {
      const rows = await stage.sql<{ what: string; right: boolean }>(
        'funding',
        `SELECT p.id AS what, p.total_minor = p.extra_minor + coalesce(sum(l.quantity * r.price_minor), 0) AS right
         FROM pledge p LEFT JOIN pledge_line l ON l.pledge_id = p.id LEFT JOIN reward r ON r.id = l.reward_id GROUP BY p.id`,
      );
      return noneOf(wrongOf(rows.filter(({ right }) => !right)), `${rows.length} pledges`);
    },
  },
  {
    says: 'every project of the story has ended, and so has every pledge in it',
    async look(stage) {
      const rows = await stage.sql<{ what: string; open: boolean }>(
        'funding',
        `SELECT j.title || ': ' || p.state AS what, p.state IN ('ACTIVE', 'CHARGING', 'PAYMENT_FAILED') OR j.state NOT IN ('SUCCEEDED', 'FAILED') AS open
         FROM project j JOIN pledge p ON p.project_id = j.id WHERE j.id = ANY($1)`,
        [stage.projectIds],
      );
      return noneOf(wrongOf(rows.filter(({ open }) => open)), `${stage.projectIds.length} projects, ${rows.length} pledges`);
    },
  },
];
