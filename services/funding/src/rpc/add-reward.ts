import { AddRewardResponse, type ProjectServiceDefinition } from '@moa/contracts/funding/v1/project_service';
import { type Handler, once } from '@moa/kit';
import { priceOf, rewardPlanOf, rewardToProto } from '../convert.js';
import { checkPlan, checkRewardAdded } from '../domain/plan.js';
import { ownProject } from '../domain/project.js';
import type { Context } from '../service.js';
import { insertReward, lockProject, saveProject } from '../store/projects.js';

type AddReward = Handler<typeof ProjectServiceDefinition.methods.addReward>;

export const addReward =
  ({ db }: Context): AddReward =>
  (request, call) =>
    once(db, call, AddRewardResponse, async (tx) => {
      const project = ownProject(call.caller.accountId, await lockProject(tx, request.projectId));
      checkRewardAdded(project, project.rewards.length, call.at);
      checkPlan(project, [priceOf(request.reward!)], () => 'reward');
      const reward = await insertReward(tx, project.id, rewardPlanOf(request.reward!));
      await saveProject(tx, project.id, { revision: project.revision + 1 });
      return { reward: rewardToProto(reward, project.currency) };
    });
