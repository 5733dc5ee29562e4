import type { OAuthServiceDefinition } from '@moa/contracts/auth/v1/oauth_service';
import type { Handler } from '@moa/kit';
import type { Context } from '../service.js';
import { findEmail } from '../store/accounts.js';
import { linkIdentity as link } from '../store/identities.js';

type LinkIdentity = Handler<typeof OAuthServiceDefinition.methods.linkIdentity>;

// Whether the account may link was decided when the flow started: an address that is verified stays so.
export const linkIdentity =
  ({ db, flows, sealMail, wakeMail }: Context): LinkIdentity =>
  async (request, call) => {
    const { accountId } = call.caller;
    const vouched = await flows.finish(call, accountId, request);
    const email = await findEmail(db, accountId);
    const mail = sealMail(email, { kind: 'SIGN_IN_METHOD_CHANGED', what: 'IDENTITY_LINKED' });
    const identity = await link(db, call, accountId, vouched, mail);
    wakeMail();
    return { identity };
  };
