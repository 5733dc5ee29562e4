import { ProfileUpdated } from '@moa/contracts/user/v1/user_events';
import type { UserServiceDefinition } from '@moa/contracts/user/v1/user_service';
import { emit, type Handler, transaction } from '@moa/kit';
import { profileToProto } from '../convert.js';
import { changed } from '../domain/profile.js';
import type { Context } from '../service.js';
import { findProfile, saveProfile } from '../store/profiles.js';

type UpdateProfile = Handler<typeof UserServiceDefinition.methods.updateProfile>;

export const updateProfile =
  ({ db, accounts }: Context): UpdateProfile =>
  async ({ profile: change, updateMask, etag }, call) => {
    const { accountId } = call.caller;
    // Asked first: a change that was made must not end as a failed call because auth is away.
    const { email } = await accounts.getEmail({ accountId }, call);
    const profile = await transaction(db, async (tx) => {
      const next = changed(await findProfile(tx, accountId), change!, updateMask!, etag);
      await saveProfile(tx, next, call.at);
      await emit(tx, call, ProfileUpdated, { accountId, changedFields: [...updateMask!] }, next);
      return next;
    });
    return { profile: profileToProto(profile, email) };
  };
