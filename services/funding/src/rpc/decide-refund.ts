import { DecideRefundResponse, type FulfilmentServiceDefinition } from '@moa/contracts/funding/v1/fulfilment_service';
import { RefundDecided } from '@moa/contracts/funding/v1/funding_events';
import { crashPoint, emit, type Handler, once } from '@moa/kit';
import { pledgeEvent, refundRequestToProto } from '../convert.js';
import { isInsider } from '../domain/project.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { lockWholePledge, saveParcel } from '../store/fulfilment.js';
import { findProject } from '../store/projects.js';
import { findRefundRequest, lockRefundRequest, saveDecision, startRefund } from '../store/refunds.js';

type DecideRefund = Handler<typeof FulfilmentServiceDefinition.methods.decideRefund>;

export const decideRefund =
  ({ db }: Context): DecideRefund =>
  async ({ id, decision }, call) => {
    const response = await once(db, call, DecideRefundResponse, async (tx) => {
      const found = await findRefundRequest(tx, id);
      const project = found && (await findProject(tx, found.projectId));
      if (!found || !project || !isInsider(call.caller, project)) throw fail('REFUND_REQUEST_NOT_FOUND');
      // The pledge before its request, as who asks does.
      const pledge = (await lockWholePledge(tx, found.pledgeId))!;
      const request = (await lockRefundRequest(tx, id))!;
      if (request.state !== 'OPEN') throw fail('REFUND_DECIDED', { state: request.state });
      const approved = decision!.$case === 'approve';
      const rejectionReason = decision!.$case === 'reject' ? decision!.value.reason : '';
      const decided = await saveDecision(tx, id, {
        state: approved ? 'APPROVED' : 'REJECTED',
        deciderId: call.caller.accountId,
        decideTime: call.at,
        rejectionReason,
      });
      // It may have been given back, or charged back, meanwhile.
      if (approved && pledge.state === 'PAID') await startRefund(tx, call, pledge.id, request.reason);
      const { version } = await saveParcel(tx, pledge, {});
      await emit(tx, call, RefundDecided, { ...pledgeEvent(pledge), refundRequestId: id, approved }, { version });
      return { refundRequest: refundRequestToProto(decided) };
    });
    crashPoint('funding.refund.decided');
    return response;
  };
