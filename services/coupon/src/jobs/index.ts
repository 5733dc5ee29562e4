// What comes round by itself. Each job claims its rows in the database, so any number of copies may run.
import type { Host } from '@moa/kit';
import type { Context } from '../service.js';
import { expire } from './expire.js';
import { runIssueJobs } from './run-issue-jobs.js';

const EXPIRE_EVERY_MS = 1_000;
const ISSUE_EVERY_MS = 500;

export function startJobs(host: Host, context: Context): void {
  host.job('expire', EXPIRE_EVERY_MS, expire(context));
  host.job('issue', ISSUE_EVERY_MS, runIssueJobs(context));
}
