import { ProjectClosed } from '@moa/contracts/funding/v1/funding_events';
import { CancelFundedProjectResponse, type ProjectServiceDefinition } from '@moa/contracts/funding/v1/project_service';
import { emit, type Handler, once } from '@moa/kit';
import { ownProjectToProto, projectClosed } from '../convert.js';
import { cancelFunded } from '../domain/project.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { lockProject, restartSweep, saveProject } from '../store/projects.js';

type CancelFundedProject = Handler<typeof ProjectServiceDefinition.methods.cancelFundedProject>;

export const cancelFundedProject =
  ({ db }: Context): CancelFundedProject =>
  ({ id, reason }, call) =>
    once(db, call, CancelFundedProjectResponse, async (tx) => {
      const project = await lockProject(tx, id);
      if (!project) throw fail('PROJECT_NOT_FOUND');
      const canceled = await saveProject(tx, id, cancelFunded(project, reason));
      // Its pledges are gone through once more, from the first: what was paid goes back.
      await restartSweep(tx, id);
      await emit(tx, call, ProjectClosed, projectClosed(canceled), { version: canceled.version });
      return { project: ownProjectToProto(canceled, call.at) };
    });
