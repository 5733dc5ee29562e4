import type { PledgeServiceDefinition } from '@moa/contracts/funding/v1/pledge_service';
import { crashPoint, type Handler } from '@moa/kit';
import { pledgeToProto } from '../convert.js';
import { checkOrder } from '../domain/pledge.js';
import type { Context } from '../service.js';
import { placePledge } from '../store/pledge-writes.js';

type CreatePledge = Handler<typeof PledgeServiceDefinition.methods.createPledge>;

export const createPledge =
  ({ db }: Context): CreatePledge =>
  async (request, call) => {
    const order = checkOrder(request);
    crashPoint('funding.pledge.before');
    const pledge = await placePledge(db, call, order);
    crashPoint('funding.pledge.committed');
    return { pledge: pledgeToProto(pledge) };
  };
