// The scopes that there are: those that the contracts ask partners for. Another one would open nothing.
import { listRpcs } from '@moa/contracts/descriptors';

export const SCOPES: ReadonlySet<string> = new Set(
  listRpcs().flatMap(({ access }) => (access.$case === 'roles' && access.value.partnerScope ? [access.value.partnerScope] : [])),
);
