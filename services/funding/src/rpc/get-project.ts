import type { ProjectServiceDefinition } from '@moa/contracts/funding/v1/project_service';
import type { Handler } from '@moa/kit';
import { ownProjectToProto, projectToProto } from '../convert.js';
import { isInsider, visibleTo } from '../domain/project.js';
import type { Context } from '../service.js';
import { findProject } from '../store/projects.js';

type GetProject = Handler<typeof ProjectServiceDefinition.methods.getProject>;

export const getProject =
  ({ db }: Context): GetProject =>
  async ({ id }, { person, at }) => {
    const project = visibleTo(person, await findProject(db.client, id));
    return { project: isInsider(person, project) ? ownProjectToProto(project, at) : projectToProto(project, at) };
  };
