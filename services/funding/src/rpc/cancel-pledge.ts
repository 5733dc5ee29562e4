import type { PledgeServiceDefinition } from '@moa/contracts/funding/v1/pledge_service';
import type { Handler } from '@moa/kit';
import { pledgeToProto } from '../convert.js';
import type { Context } from '../service.js';
import { cancelPledge as cancel } from '../store/pledge-writes.js';

type CancelPledge = Handler<typeof PledgeServiceDefinition.methods.cancelPledge>;

export const cancelPledge =
  ({ db }: Context): CancelPledge =>
  async ({ id }, call) => ({ pledge: pledgeToProto(await cancel(db, call, id)) });
