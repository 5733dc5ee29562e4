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
  ({ requestId, id, reason, amount }, call) =>
    claimFirst(db, call, RefundPledgeResponse, async () => {
      const pledge = await findPledge(db.client, id);
      if (!pledge) throw fail('PLEDGE_NOT_FOUND');
      checkRefundable(pledge);
      // A repeat of the request that gave the rest back is answered like the first.
      if (pledge.state === 'PAID' || amount) {
        // The same request as often as it takes: payment gives back once, and never more than was paid.
        const asked = { requestId, pledgeId: id, reason };
        const { payment: paid } = amount ? await payment.refundCharge({ ...asked, amount }, call) : await payment.cancelCharge(asked, call);
        crashPoint('funding.refund.canceled');
        await transaction(db, (tx) => takeRefund(tx, call, id, paid!.refunded!.amountMinor));
      }
      const refunded = (await findPledge(db.client, id))!;
      // Staff need no address for this.
      return { pledge: pledgeToProto({ ...refunded, address: null }) };
    });
