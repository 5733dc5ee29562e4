import { type PledgeServiceDefinition, RefundPledgeResponse } from '@moa/contracts/funding/v1/pledge_service';
import { claimFirst, crashPoint, type Handler, transaction } from '@moa/kit';
import { pledgeToProto } from '../convert.js';
import { checkRefundable } from '../domain/pledge.js';
import { fail } from '../errors.js';
import { takeRefund } from '../refund.js';
import type { Context } from '../service.js';
import { findPledge } from '../store/pledges.js';

type RefundPledge = Handler<typeof PledgeServiceDefinition.methods.refundPledge>;

export const refundPledge =
  ({ db, payment }: Context): RefundPledge =>
  ({ requestId, id, reason }, call) =>
    claimFirst(db, call, RefundPledgeResponse, async () => {
      const pledge = await findPledge(db.client, id);
      if (!pledge) throw fail('PLEDGE_NOT_FOUND');
      checkRefundable(pledge);
      if (pledge.state === 'PAID') {
        // The same request as often as it takes: payment gives back once.
        await payment.cancelCharge({ requestId, pledgeId: id, reason }, call);
        crashPoint('funding.refund.canceled');
        await transaction(db, (tx) => takeRefund(tx, call, id));
      }
      const refunded = (await findPledge(db.client, id))!;
      // Staff need no address for this.
      return { pledge: pledgeToProto({ ...refunded, address: null }) };
    });
