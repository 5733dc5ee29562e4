import { ProjectClosed } from '@moa/contracts/funding/v1/funding_events';
import { CancelProjectResponse, type ProjectServiceDefinition } from '@moa/contracts/funding/v1/project_service';
import { emit, type Handler, once } from '@moa/kit';
import { ownProjectToProto, projectClosed } from '../convert.js';
import { cancel, ownProject, visibleTo } from '../domain/project.js';
import type { Context } from '../service.js';
import { lockProject, saveProject, startSweep } from '../store/projects.js';

type CancelProject = Handler<typeof ProjectServiceDefinition.methods.cancelProject>;

export const cancelProject =
  ({ db }: Context): CancelProject =>
  ({ id, reason }, call) =>
    once(db, call, CancelProjectResponse, async (tx) => {
      const found = visibleTo(call.caller, await lockProject(tx, id));
      const project = call.caller.roles.includes('ADMIN') ? found : ownProject(call.caller.accountId, found);
      const canceled = await saveProject(tx, id, cancel(project, reason, call.at));
      await startSweep(tx, canceled);
      if (canceled.public) await emit(tx, call, ProjectClosed, projectClosed(canceled), { version: canceled.version });
      return { project: ownProjectToProto(canceled, call.at) };
    });
