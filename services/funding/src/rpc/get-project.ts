import type { ProjectServiceDefinition } from '@moa/contracts/funding/v1/project_service';
import type { Handler } from '@moa/kit';
import { projectToProto } from '../convert.js';
import { visibleTo } from '../domain/project.js';
import type { Context } from '../service.js';
import { findProject } from '../store/projects.js';

type GetProject = Handler<typeof ProjectServiceDefinition.methods.getProject>;

export const getProject =
  ({ db }: Context): GetProject =>
  async ({ id }, { person, at }) => ({ project: projectToProto(visibleTo(person, await findProject(db.client, id)), at) });
