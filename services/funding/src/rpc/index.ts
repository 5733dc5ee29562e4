import type { PledgeServiceDefinition } from '@moa/contracts/funding/v1/pledge_service';
import type { ProjectServiceDefinition } from '@moa/contracts/funding/v1/project_service';
import type { Implementation } from '@moa/kit';
import type { Context } from '../service.js';
import { addReward } from './add-reward.js';
import { cancelPledge } from './cancel-pledge.js';
import { cancelProject } from './cancel-project.js';
import { changePledge } from './change-pledge.js';
import { createPledge } from './create-pledge.js';
import { createProject } from './create-project.js';
import { getPledge } from './get-pledge.js';
import { getProject } from './get-project.js';
import { listChargedPledges } from './list-charged-pledges.js';
import { listMyPledges } from './list-my-pledges.js';
import { listMyProjects } from './list-my-projects.js';
import { listProjectPledges } from './list-project-pledges.js';
import { listProjects } from './list-projects.js';
import { listProjectsInReview } from './list-projects-in-review.js';
import { refundPledge } from './refund-pledge.js';
import { reviewProject } from './review-project.js';
import { submitProject } from './submit-project.js';
import { updateProject } from './update-project.js';
import { updateReward } from './update-reward.js';

export const projectService = (context: Context): Implementation<typeof ProjectServiceDefinition> => ({
  createProject: createProject(context),
  updateProject: updateProject(context),
  addReward: addReward(context),
  updateReward: updateReward(context),
  submitProject: submitProject(context),
  reviewProject: reviewProject(context),
  cancelProject: cancelProject(context),
  getProject: getProject(context),
  listProjects: listProjects(context),
  listMyProjects: listMyProjects(context),
  listProjectsInReview: listProjectsInReview(context),
});

export const pledgeService = (context: Context): Implementation<typeof PledgeServiceDefinition> => ({
  createPledge: createPledge(context),
  changePledge: changePledge(context),
  cancelPledge: cancelPledge(context),
  getPledge: getPledge(context),
  listMyPledges: listMyPledges(context),
  listProjectPledges: listProjectPledges(context),
  refundPledge: refundPledge(context),
  listChargedPledges: listChargedPledges(context),
});
