import type { PledgeServiceDefinition } from '@moa/contracts/funding/v1/pledge_service';
import type { Handler } from '@moa/kit';
import { pledgeToProto } from '../convert.js';
import { ownPledge } from '../domain/pledge.js';
import type { Context } from '../service.js';
import { findPledge } from '../store/pledges.js';

type GetPledge = Handler<typeof PledgeServiceDefinition.methods.getPledge>;

export const getPledge =
  ({ db }: Context): GetPledge =>
  async ({ id }, { caller }) => ({ pledge: pledgeToProto(ownPledge(caller.accountId, await findPledge(db.client, id))) });
