import { ProjectDraft } from '@moa/contracts/funding/v1/project';
import type { ProjectServiceDefinition } from '@moa/contracts/funding/v1/project_service';
import { type Handler, masked, transaction, validateMessage } from '@moa/kit';
import { draftOf, ownProjectToProto, planOf } from '../convert.js';
import { checkEtag, checkPlan, checkProjectFields } from '../domain/plan.js';
import { ownProject } from '../domain/project.js';
import type { Context } from '../service.js';
import { lockProject, saveProject } from '../store/projects.js';

type UpdateProject = Handler<typeof ProjectServiceDefinition.methods.updateProject>;

export const updateProject =
  ({ db }: Context): UpdateProject =>
  ({ id, project: next, updateMask = [], etag }, { caller, at }) =>
    transaction(db, async (tx) => {
      const project = ownProject(caller.accountId, await lockProject(tx, id));
      const draft = masked(draftOf(project), next, updateMask);
      validateMessage(ProjectDraft, draft, 'project');
      checkProjectFields(project, updateMask, at);
      checkEtag(project, etag);
      const plan = planOf(draft);
      checkPlan(
        plan,
        project.rewards.map(({ priceMinor }) => ({ currency: project.currency, priceMinor })),
      );
      const saved = await saveProject(tx, id, { ...plan, revision: project.revision + 1 });
      return { project: ownProjectToProto(saved, at) };
    });
