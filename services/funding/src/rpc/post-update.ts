import { ProjectUpdatePosted } from '@moa/contracts/funding/v1/funding_events';
import { PostUpdateResponse, type UpdateServiceDefinition } from '@moa/contracts/funding/v1/update_service';
import { emit, type Handler, once } from '@moa/kit';
import { updateToProto } from '../convert.js';
import { ownProject } from '../domain/project.js';
import { checkUpdate, countedSince, shownTo } from '../domain/update.js';
import type { Context } from '../service.js';
import { lockProject, saveProject } from '../store/projects.js';
import { countUpdates, insertUpdate } from '../store/updates.js';

type PostUpdate = Handler<typeof UpdateServiceDefinition.methods.postUpdate>;

export const postUpdate =
  ({ db }: Context): PostUpdate =>
  ({ projectId, title, body, imageUrls, backersOnly }, call) =>
    once(db, call, PostUpdateResponse, async (tx) => {
      // Locked: the limit holds for updates that come at once, and events are told in the order of their versions.
      const project = ownProject(call.caller.accountId, await lockProject(tx, projectId));
      checkUpdate(project, await countUpdates(tx, projectId, countedSince(call.at)));
      const update = await insertUpdate(tx, { projectId, title, body, imageUrls, backersOnly, createTime: call.at });
      const { version, sellerId } = await saveProject(tx, projectId, { version: { increment: 1 } });
      await emit(tx, call, ProjectUpdatePosted, { updateId: update.id, projectId, sellerId, createTime: call.at }, { version });
      return { update: updateToProto(shownTo(true, update)) };
    });
