import type { UserServiceDefinition } from '@moa/contracts/user/v1/user_service';
import type { Handler } from '@moa/kit';
import { profileToProto } from '../convert.js';
import type { Context } from '../service.js';
import { findProfile } from '../store/profiles.js';

type GetProfile = Handler<typeof UserServiceDefinition.methods.getProfile>;

export const getProfile =
  ({ db, accounts }: Context): GetProfile =>
  async (_, call) => {
    const { accountId } = call.caller;
    const [profile, { email }] = await Promise.all([findProfile(db.client, accountId), accounts.getEmail({ accountId }, call)]);
    return { profile: profileToProto(profile, email) };
  };
