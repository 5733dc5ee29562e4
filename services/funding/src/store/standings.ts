// How far projects have come, read from their own rows: no pledge is looked at.
import type { Standing } from '../domain/project.js';
import type { Queries } from './database.js';

export const readStandings = (client: Queries, projectIds: readonly string[]): Promise<Standing[]> => client.$queryRaw<Standing[]>`
  SELECT id, public, state, kind, currency, goal_minor AS "goalMinor", raised_minor AS "raisedMinor", pledge_count AS "pledgeCount",
         close_time AS "closeTime" FROM project WHERE id = ANY(${projectIds}::uuid[])`;
