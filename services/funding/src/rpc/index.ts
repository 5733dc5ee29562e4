import type { FulfilmentServiceDefinition } from '@moa/contracts/funding/v1/fulfilment_service';
import type { PledgeServiceDefinition } from '@moa/contracts/funding/v1/pledge_service';
import type { ProjectServiceDefinition } from '@moa/contracts/funding/v1/project_service';
import type { UpdateServiceDefinition } from '@moa/contracts/funding/v1/update_service';
import type { Implementation } from '@moa/kit';
import type { Context } from '../service.js';
import { addReward } from './add-reward.js';
import { cancelFundedProject } from './cancel-funded-project.js';
import { cancelPledge } from './cancel-pledge.js';
import { cancelProject } from './cancel-project.js';
import { changePledge } from './change-pledge.js';
import { confirmDelivery } from './confirm-delivery.js';
import { createPledge } from './create-pledge.js';
import { createProject } from './create-project.js';
import { decideRefund } from './decide-refund.js';
import { getPledge } from './get-pledge.js';
import { getProject } from './get-project.js';
import { listChargedPledges } from './list-charged-pledges.js';
import { listMyPledges } from './list-my-pledges.js';
import { listMyProjects } from './list-my-projects.js';
import { listPledgesForMyPage } from './list-pledges-for-my-page.js';
import { listProjectPledges } from './list-project-pledges.js';
import { listProjects } from './list-projects.js';
import { listProjectsInReview } from './list-projects-in-review.js';
import { listRefundRequests } from './list-refund-requests.js';
import { listUpdates } from './list-updates.js';
import { openLatePledges } from './open-late-pledges.js';
import { postUpdate } from './post-update.js';
import { refundPledge } from './refund-pledge.js';
import { registerShipment } from './register-shipment.js';
import { requestRefund } from './request-refund.js';
import { reviewProject } from './review-project.js';
import { submitProject } from './submit-project.js';
import { updateProject } from './update-project.js';
import { updateReward } from './update-reward.js';
import { watchProject } from './watch-project.js';

export const projectService = (context: Context): Implementation<typeof ProjectServiceDefinition> => ({
  createProject: createProject(context),
  updateProject: updateProject(context),
  addReward: addReward(context),
  updateReward: updateReward(context),
  submitProject: submitProject(context),
  reviewProject: reviewProject(context),
  cancelProject: cancelProject(context),
  cancelFundedProject: cancelFundedProject(context),
  openLatePledges: openLatePledges(context),
  getProject: getProject(context),
  listProjects: listProjects(context),
  listMyProjects: listMyProjects(context),
  listProjectsInReview: listProjectsInReview(context),
  watchProject: watchProject(context),
});

export const updateService = (context: Context): Implementation<typeof UpdateServiceDefinition> => ({
  postUpdate: postUpdate(context),
  listUpdates: listUpdates(context),
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
  listPledgesForMyPage: listPledgesForMyPage(context),
});

export const fulfilmentService = (context: Context): Implementation<typeof FulfilmentServiceDefinition> => ({
  registerShipment: registerShipment(context),
  confirmDelivery: confirmDelivery(context),
  requestRefund: requestRefund(context),
  decideRefund: decideRefund(context),
  listRefundRequests: listRefundRequests(context),
});
