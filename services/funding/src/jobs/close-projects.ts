import { ProjectClosed } from '@moa/contracts/funding/v1/funding_events';
import { crashPoint, emit, type JobRun, transaction } from '@moa/kit';
import { projectClosed } from '../convert.js';
import { close } from '../domain/project.js';
import type { Context } from '../service.js';
import { claimProjectToClose, saveProject, startSweep } from '../store/projects.js';

/** Projects end at their close time: total, outcome and the work that follows are one transaction each. */
export const closeProjects = (context: Context, sweep: () => void) => async (run: JobRun) => {
  while (!run.signal.aborted && (await closeNext(context, run))) {
    crashPoint('funding.close.decided');
    sweep();
  }
};

const closeNext = ({ db }: Context, run: JobRun): Promise<boolean> =>
  transaction(db, async (tx) => {
    const project = await claimProjectToClose(tx, run.at);
    if (!project) return false;
    const closed = await saveProject(tx, project.id, close(project));
    await startSweep(tx, closed);
    await emit(tx, run, ProjectClosed, projectClosed(closed), { version: closed.version });
    return true;
  });
