import { ProjectPublished } from '@moa/contracts/funding/v1/funding_events';
import { emit, type JobRun, transaction } from '@moa/kit';
import { money } from '../convert.js';
import { open } from '../domain/project.js';
import type { Context } from '../service.js';
import { claimProjectToOpen, saveProject } from '../store/projects.js';

/** Scheduled projects take pledges from their start time on. */
export const openProjects = (context: Context) => async (run: JobRun) => {
  while (!run.signal.aborted && (await openNext(context, run)));
};

const openNext = ({ db }: Context, run: JobRun): Promise<boolean> =>
  transaction(db, async (tx) => {
    const project = await claimProjectToOpen(tx, run.at);
    if (!project) return false;
    const { id, sellerId, title, category, currency, goalMinor, closeTime, version } = await saveProject(tx, project.id, open(project));
    const published = { projectId: id, sellerId, title, category, goal: money(currency, goalMinor), closeTime };
    await emit(tx, run, ProjectPublished, published, { version });
    return true;
  });
