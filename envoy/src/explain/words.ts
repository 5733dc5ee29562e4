// What a contract says of an RPC, in few words: for the reference page and for whoever asks at a terminal.
import type { Rpc } from '@moa/contracts/descriptors';
import { Role } from '@moa/contracts/options/v1/options';
import { roleName } from '@moa/kit';
import type { Rate } from '../limits.js';

/** "anybody", "SELLER or ADMIN", "internal: user". */
export function callersInWords({ access }: Pick<Rpc, 'access'>): string {
  switch (access.$case) {
    case 'public':
      return 'anybody';
    case 'signedIn':
      return 'signed in';
    case 'roles': {
      const { any, partnerScope } = access.value;
      const scope = partnerScope && ` with scope ${partnerScope}`;
      return any.map((role) => (role === Role.ROLE_PARTNER ? `PARTNER${scope}` : roleName(role))).join(' or ');
    }
    case 'internal':
      return `internal: ${access.value.names.join(', ')}`;
  }
}

/** "30 a minute, 10 at once, for each address". */
export const rateInWords = ({ perMinute, burst, byAddress }: Rate): string =>
  `${perMinute} a minute, ${burst} at once${byAddress ? ', for each address' : ''}`;
