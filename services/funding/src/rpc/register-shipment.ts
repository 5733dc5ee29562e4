import { type FulfilmentServiceDefinition, RegisterShipmentResponse } from '@moa/contracts/funding/v1/fulfilment_service';
import { ShipmentRegistered } from '@moa/contracts/funding/v1/funding_events';
import { emit, type Handler, once } from '@moa/kit';
import { pledgeEvent, pledgeToProto } from '../convert.js';
import { checkShippable } from '../domain/fulfilment.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { lockWholePledge, promisesOf, saveParcel } from '../store/fulfilment.js';
import { findProject } from '../store/projects.js';

type RegisterShipment = Handler<typeof FulfilmentServiceDefinition.methods.registerShipment>;

export const registerShipment =
  ({ db }: Context): RegisterShipment =>
  ({ pledgeId, carrier, trackingNumber }, call) =>
    once(db, call, RegisterShipmentResponse, async (tx) => {
      const pledge = await lockWholePledge(tx, pledgeId);
      const project = pledge && (await findProject(tx, pledge.projectId));
      if (project?.sellerId !== call.caller.accountId) throw fail('PLEDGE_NOT_FOUND');
      checkShippable(pledge!, await promisesOf(tx, pledge!));
      const shipTime = pledge!.shipTime ?? call.at;
      const sent = await saveParcel(tx, pledge!, { carrier, trackingNumber, shipTime });
      await emit(tx, call, ShipmentRegistered, { ...pledgeEvent(sent), shipTime }, { version: sent.version });
      return { pledge: pledgeToProto(sent) };
    });
