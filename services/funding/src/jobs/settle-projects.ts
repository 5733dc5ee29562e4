import { ProjectSettled } from '@moa/contracts/funding/v1/funding_events';
import { emit, type JobRun, transaction } from '@moa/kit';
import { money } from '../convert.js';
import { settle } from '../domain/project.js';
import type { Context } from '../service.js';
import { claimProjectToSettle, saveProject, sumOfPledges } from '../store/projects.js';

/** A project has succeeded when every pledge is paid or dropped. */
export const settleProjects = (context: Context) => async (run: JobRun) => {
  while (!run.signal.aborted && (await settleNext(context, run)));
};

const settleNext = ({ db }: Context, run: JobRun): Promise<boolean> =>
  transaction(db, async (tx) => {
    const project = await claimProjectToSettle(tx);
    if (!project) return false;
    const { id, sellerId, currency, version } = await saveProject(tx, project.id, settle(project));
    const { chargedMinor, paidCount, droppedCount } = await sumOfPledges(tx, id);
    await emit(
      tx,
      run,
      ProjectSettled,
      { projectId: id, sellerId, charged: money(currency, chargedMinor), paidCount, droppedCount },
      { version },
    );
    return true;
  });
