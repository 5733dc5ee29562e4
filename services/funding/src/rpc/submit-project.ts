import { type ProjectServiceDefinition, SubmitProjectResponse } from '@moa/contracts/funding/v1/project_service';
import { type Handler, once } from '@moa/kit';
import { ownProjectToProto } from '../convert.js';
import { ownProject, submit } from '../domain/project.js';
import type { Context } from '../service.js';
import { lockProject, saveProject } from '../store/projects.js';

type SubmitProject = Handler<typeof ProjectServiceDefinition.methods.submitProject>;

export const submitProject =
  ({ db }: Context): SubmitProject =>
  ({ id }, call) =>
    once(db, call, SubmitProjectResponse, async (tx) => {
      const project = ownProject(call.caller.accountId, await lockProject(tx, id));
      const saved = await saveProject(tx, id, submit(project, project.rewards.length, call.at));
      return { project: ownProjectToProto(saved, call.at) };
    });
