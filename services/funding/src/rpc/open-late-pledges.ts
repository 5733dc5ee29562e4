import { LatePledgesOpened } from '@moa/contracts/funding/v1/funding_events';
import { OpenLatePledgesResponse, type ProjectServiceDefinition } from '@moa/contracts/funding/v1/project_service';
import { emit, type Handler, once } from '@moa/kit';
import { ownProjectToProto } from '../convert.js';
import { openLate, ownProject } from '../domain/project.js';
import type { Context } from '../service.js';
import { lockProject, saveProject } from '../store/projects.js';

type OpenLatePledges = Handler<typeof ProjectServiceDefinition.methods.openLatePledges>;

export const openLatePledges =
  ({ db }: Context): OpenLatePledges =>
  ({ id, until }, call) =>
    once(db, call, OpenLatePledgesResponse, async (tx) => {
      const project = ownProject(call.caller.accountId, await lockProject(tx, id));
      const opened = await saveProject(tx, id, openLate(project, until!, call.at));
      await emit(tx, call, LatePledgesOpened, { projectId: id, sellerId: project.sellerId, until }, { version: opened.version });
      return { project: ownProjectToProto(opened, call.at) };
    });
