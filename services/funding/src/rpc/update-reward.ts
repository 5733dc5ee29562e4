import { RewardDraft } from '@moa/contracts/funding/v1/project';
import type { ProjectServiceDefinition } from '@moa/contracts/funding/v1/project_service';
import { type Handler, masked, transaction, validateMessage } from '@moa/kit';
import { priceOf, rewardDraftOf, rewardPlanOf, rewardToProto } from '../convert.js';
import { checkPlan, reviseReward } from '../domain/plan.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { lockProject, lockReward, saveProject, saveReward } from '../store/projects.js';

type UpdateReward = Handler<typeof ProjectServiceDefinition.methods.updateReward>;

export const updateReward =
  ({ db }: Context): UpdateReward =>
  ({ id, reward: next, updateMask = [] }, { caller, at }) =>
    transaction(db, async (tx) => {
      const reward = await lockReward(tx, id);
      const project = reward && (await lockProject(tx, reward.projectId));
      if (project?.sellerId !== caller.accountId) throw fail('REWARD_NOT_FOUND');
      const draft = masked(rewardDraftOf(reward!, project.currency), next, updateMask);
      validateMessage(RewardDraft, draft, 'reward');
      const plan = rewardPlanOf(draft);
      const stock = reviseReward(project, reward!, updateMask, plan.stock, at);
      checkPlan(project, [priceOf(draft)], () => 'reward');
      const saved = await saveReward(tx, id, { ...plan, ...stock });
      await saveProject(tx, project.id, { revision: project.revision + 1 });
      return { reward: rewardToProto(saved, project.currency) };
    });
