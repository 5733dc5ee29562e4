import { CreateProjectResponse, type ProjectServiceDefinition } from '@moa/contracts/funding/v1/project_service';
import { type Handler, once } from '@moa/kit';
import { ownProjectToProto, planOf, priceOf, rewardPlanOf } from '../convert.js';
import { checkPlan } from '../domain/plan.js';
import type { Context } from '../service.js';
import { insertProject } from '../store/projects.js';

type CreateProject = Handler<typeof ProjectServiceDefinition.methods.createProject>;

export const createProject =
  ({ db }: Context): CreateProject =>
  async (request, call) => {
    const plan = planOf(request.project!);
    checkPlan(plan, request.rewards.map(priceOf));
    return once(db, call, CreateProjectResponse, async (tx) => {
      const draft = { ...plan, sellerId: call.caller.accountId, createTime: call.at };
      const project = await insertProject(tx, draft, request.rewards.map(rewardPlanOf));
      return { project: ownProjectToProto(project, call.at) };
    });
  };
