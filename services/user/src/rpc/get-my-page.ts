import type { UserServiceDefinition } from '@moa/contracts/user/v1/user_service';
import type { Handler } from '@moa/kit';
import { pledgesToProto, profileToProto } from '../convert.js';
import type { Context } from '../service.js';
import { findPledges } from '../store/pledge-copies.js';
import { findFreshTime, findProfile } from '../store/profiles.js';

type GetMyPage = Handler<typeof UserServiceDefinition.methods.getMyPage>;

// Nobody else is asked, so that a page opens whoever is away. The address is left out: no event carries it.
export const getMyPage =
  ({ db }: Context): GetMyPage =>
  async (_, call) => {
    const { accountId } = call.caller;
    // Read first: what comes in meanwhile makes the page fresher than it says.
    const freshTime = await findFreshTime(db);
    const [profile, pledges] = await Promise.all([findProfile(db.client, accountId), findPledges(db, accountId)]);
    return { profile: profileToProto(profile, ''), pledges: pledgesToProto(pledges), freshTime };
  };
