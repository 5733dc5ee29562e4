import type { PledgeServiceDefinition } from '@moa/contracts/funding/v1/pledge_service';
import type { Handler } from '@moa/kit';
import { pledgeToProto } from '../convert.js';
import { checkOrder } from '../domain/pledge.js';
import type { Context } from '../service.js';
import { changePledge as change } from '../store/pledge-writes.js';

type ChangePledge = Handler<typeof PledgeServiceDefinition.methods.changePledge>;

export const changePledge =
  ({ db }: Context): ChangePledge =>
  async (request, call) => {
    const order = checkOrder(request);
    const pledge = await change(db, call, { ...order, billingMethodId: request.billingMethodId || undefined });
    return { pledge: pledgeToProto(pledge) };
  };
