import type { PledgeServiceDefinition } from '@moa/contracts/funding/v1/pledge_service';
import { crashPoint, type Handler } from '@moa/kit';
import { pledgeToProto } from '../convert.js';
import { checkOrder } from '../domain/pledge.js';
import type { Context } from '../service.js';

type CreatePledge = Handler<typeof PledgeServiceDefinition.methods.createPledge>;

export const createPledge =
  ({ placePledge }: Context): CreatePledge =>
  async (request, call) => {
    const order = checkOrder(request);
    crashPoint('funding.pledge.before');
    const pledge = await placePledge({ call, order });
    crashPoint('funding.pledge.committed');
    return { pledge: pledgeToProto(pledge) };
  };
