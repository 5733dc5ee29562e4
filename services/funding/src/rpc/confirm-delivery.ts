import { ConfirmDeliveryResponse, type FulfilmentServiceDefinition } from '@moa/contracts/funding/v1/fulfilment_service';
import { PledgeDelivered } from '@moa/contracts/funding/v1/funding_events';
import { emit, type Handler, once } from '@moa/kit';
import { pledgeEvent, pledgeToProto } from '../convert.js';
import { checkConfirmable } from '../domain/fulfilment.js';
import { ownPledge } from '../domain/pledge.js';
import type { Context } from '../service.js';
import { lockWholePledge, saveParcel } from '../store/fulfilment.js';

type ConfirmDelivery = Handler<typeof FulfilmentServiceDefinition.methods.confirmDelivery>;

export const confirmDelivery =
  ({ db }: Context): ConfirmDelivery =>
  ({ pledgeId }, call) =>
    once(db, call, ConfirmDeliveryResponse, async (tx) => {
      const pledge = ownPledge(call.caller.accountId, await lockWholePledge(tx, pledgeId));
      checkConfirmable(pledge);
      if (pledge.deliveryTime) return { pledge: pledgeToProto(pledge) };
      const delivered = await saveParcel(tx, pledge, { deliveryTime: call.at });
      await emit(tx, call, PledgeDelivered, { ...pledgeEvent(delivered), deliveryTime: call.at }, { version: delivered.version });
      return { pledge: pledgeToProto(delivered) };
    });
