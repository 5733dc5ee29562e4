import { type ProjectServiceDefinition, ReviewProjectResponse } from '@moa/contracts/funding/v1/project_service';
import { type Handler, once } from '@moa/kit';
import { ownProjectToProto, retryPolicyOf } from '../convert.js';
import { approve, reject } from '../domain/project.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { lockProject, saveProject } from '../store/projects.js';

type ReviewProject = Handler<typeof ProjectServiceDefinition.methods.reviewProject>;

export const reviewProject =
  ({ db }: Context): ReviewProject =>
  ({ id, decision }, call) =>
    once(db, call, ReviewProjectResponse, async (tx) => {
      const project = await lockProject(tx, id);
      if (!project) throw fail('PROJECT_NOT_FOUND');
      const reviewed =
        decision?.$case === 'reject'
          ? reject(project, decision.value.reason)
          : approve(project, call.at, retryPolicyOf(decision?.value.retryPolicy));
      return { project: ownProjectToProto(await saveProject(tx, id, reviewed), call.at) };
    });
