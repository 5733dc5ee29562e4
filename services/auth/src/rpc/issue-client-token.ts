import type { PartnerTokenServiceDefinition } from '@moa/contracts/auth/v1/partner_service';
import type { Handler } from '@moa/kit';
import { acceptsSecret, grantedScopes, isNewUse } from '../domain/partner-client.js';
import { partnerSecretHashOf } from '../domain/partner-secret.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { findPartnerClient, savePartnerUse } from '../store/partner-clients.js';

type IssueClientToken = Handler<typeof PartnerTokenServiceDefinition.methods.issueClientToken>;

export const issueClientToken =
  ({ db, signAccessToken }: Context): IssueClientToken =>
  async ({ clientId, clientSecret, scopes: wanted }, { at }) => {
    const hash = partnerSecretHashOf(clientSecret);
    const client = await findPartnerClient(db, clientId);
    if (!client || !acceptsSecret(client, hash, at)) throw fail('PARTNER_REFUSED');
    if (client.state !== 'ACTIVE') throw fail('PARTNER_SUSPENDED');
    const scopes = grantedScopes(client, wanted);
    if (isNewUse(client, at)) await savePartnerUse(db, client, at);
    // A suspension or a change meanwhile has raised the version: the token is stale before it arrives.
    const claims = {
      sid: client.sessionId,
      sv: Number(client.sessionVersion),
      roles: ['PARTNER'],
      scope: scopes.join(' '),
      rate: client.rateClass.toLowerCase(),
    };
    return { ...(await signAccessToken(client.id, claims, at)), scopes: [...scopes] };
  };
