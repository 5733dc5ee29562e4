import { type FulfilmentServiceDefinition, RequestRefundResponse } from '@moa/contracts/funding/v1/fulfilment_service';
import { RefundRequested } from '@moa/contracts/funding/v1/funding_events';
import { emit, type Handler, once } from '@moa/kit';
import { pledgeEvent, refundRequestToProto } from '../convert.js';
import { checkRefundWindow } from '../domain/fulfilment.js';
import { ownPledge } from '../domain/pledge.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { lockWholePledge, promisesOf, saveParcel } from '../store/fulfilment.js';
import { insertRefundRequest } from '../store/refunds.js';

type RequestRefund = Handler<typeof FulfilmentServiceDefinition.methods.requestRefund>;

export const requestRefund =
  ({ db }: Context): RequestRefund =>
  ({ pledgeId, reason }, call) =>
    once(db, call, RequestRefundResponse, async (tx) => {
      const pledge = ownPledge(call.caller.accountId, await lockWholePledge(tx, pledgeId));
      checkRefundWindow(pledge, await promisesOf(tx, pledge), call.at);
      const request = await insertRefundRequest(tx, { pledgeId, projectId: pledge.projectId, reason, createTime: call.at });
      if (!request) throw fail('REFUND_REQUESTED_BEFORE');
      const { version } = await saveParcel(tx, pledge, {});
      await emit(tx, call, RefundRequested, { ...pledgeEvent(pledge), refundRequestId: request.id }, { version });
      return { refundRequest: refundRequestToProto(request) };
    });
