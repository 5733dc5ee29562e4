import type { OAuthServiceDefinition } from '@moa/contracts/auth/v1/oauth_service';
import type { Handler } from '@moa/kit';
import type { Context } from '../service.js';
import { findEmail } from '../store/accounts.js';
import { unlinkIdentity as unlink } from '../store/identities.js';

type UnlinkIdentity = Handler<typeof OAuthServiceDefinition.methods.unlinkIdentity>;

export const unlinkIdentity =
  ({ db, sealMail, wakeMail }: Context): UnlinkIdentity =>
  async ({ identityId }, call) => {
    const { accountId } = call.caller;
    const email = await findEmail(db, accountId);
    await unlink(db, call, accountId, identityId, sealMail(email, { kind: 'SIGN_IN_METHOD_CHANGED', what: 'IDENTITY_UNLINKED' }));
    wakeMail();
    return {};
  };
