import { CreatePledgeResponse, type PledgeServiceDefinition } from '@moa/contracts/funding/v1/pledge_service';
import { type Call, claimFirst, crashPoint, type Handler } from '@moa/kit';
import { pledgeToProto } from '../convert.js';
import { checkOrder } from '../domain/pledge.js';
import { type DiscountedOrder, placeDiscounted } from '../place-discounted.js';
import type { Context } from '../service.js';

type CreatePledge = Handler<typeof PledgeServiceDefinition.methods.createPledge>;

export const createPledge =
  (context: Context): CreatePledge =>
  async (request, call) => {
    const order = checkOrder(request);
    if (order.couponIds.length > 0 || order.pointsMinor > 0n) return createDiscounted(context, order, call);
    crashPoint('funding.pledge.before');
    const pledge = await context.placePledge({ call, order });
    crashPoint('funding.pledge.committed');
    return { pledge: pledgeToProto(pledge) };
  };

// With coupons or points others are asked first.
async function createDiscounted(context: Context, order: DiscountedOrder, call: Call): Promise<CreatePledgeResponse> {
  const { pledge } = await claimFirst(context.db, call, CreatePledgeResponse, async () => {
    const placed = await placeDiscounted(context, order, call);
    // What is remembered names no address.
    return { pledge: pledgeToProto({ ...placed, address: null }) };
  });
  return { pledge: { ...pledge!, address: order.address } };
}
