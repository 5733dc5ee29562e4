// What auth knows of tokens and sessions: asked over gRPC by every other service, given directly by auth itself.
import type { AccountServiceDefinition } from '@moa/contracts/auth/v1/account_service';
import type { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import type { JWTVerifyGetKey } from 'jose';
import type { CallingFor, Remote } from './connect.js';
import { keysOfAuth } from './keys.js';
import type { RevokedSession } from './revocations.js';

const PAGE_SIZE = 100;

export interface TokenAuthority {
  readonly keys: JWTVerifyGetKey;
  /** Sessions whose tokens were revoked since a time. */
  listRevoked(since: Date): Promise<readonly RevokedSession[]>;
  /** When the person of a session last proved who they are. Undefined for a session that has ended, or is nobody's. */
  authTimeOf(sessionId: string, callingFor: CallingFor): Promise<Date | undefined>;
}

/** The authority that every service but auth has: auth, over the network. */
export function askAuth(auth: Remote<typeof AuthServiceDefinition>, accounts: Remote<typeof AccountServiceDefinition>): TokenAuthority {
  return {
    keys: keysOfAuth(auth),
    async listRevoked(since) {
      const revoked: RevokedSession[] = [];
      let pageToken = '';
      do {
        const page = await accounts.listRevokedSessions({ sinceTime: since, pageSize: PAGE_SIZE, pageToken });
        for (const { sessionId, version, revokeTime } of page.sessions)
          revoked.push({ sessionId, version: Number(version), revokeTime: revokeTime! });
        pageToken = page.nextPageToken;
      } while (pageToken !== '');
      return revoked;
    },
    authTimeOf: async (sessionId, callingFor) => (await accounts.getSession({ sessionId }, callingFor)).authTime,
  };
}
