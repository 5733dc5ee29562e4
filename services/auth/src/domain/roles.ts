import { fail } from '../errors.js';

export type RoleName = 'USER' | 'SELLER' | 'ADMIN' | 'COMPLIANCE' | 'PARTNER';

/** A partner is a program with credentials of its own, never a person. */
export function checkGrant(role: RoleName): RoleName {
  if (role === 'PARTNER') throw fail('ROLE_NOT_FOR_PEOPLE', { role });
  return role;
}

/** Every person is a USER, always. */
export function checkRevoke(role: RoleName): RoleName {
  if (role === 'USER') throw fail('ROLE_STAYS', { role });
  return role;
}

// Of staff, a password alone is not believed.
const STAFF: readonly string[] = ['ADMIN', 'COMPLIANCE'];

/** What a session's tokens say of its account's roles. */
export const rolesInToken = (roles: readonly string[], hasSecondFactor: boolean): string[] =>
  roles.filter((role) => hasSecondFactor || !STAFF.includes(role));
