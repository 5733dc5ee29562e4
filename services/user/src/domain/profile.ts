import { fail } from '../errors.js';

export interface Address {
  readonly recipient: string;
  readonly phone: string;
  readonly postalCode: string;
  readonly line1: string;
  readonly line2: string;
}

export interface Profile {
  readonly accountId: string;
  readonly name: string;
  readonly phone: string;
  readonly interestCategories: readonly string[];
  readonly addresses: readonly Address[];
  /** 0 until the person has changed something. */
  readonly version: bigint;
  /** Unknown until the account's event has arrived. */
  readonly createTime: Date | undefined;
}

export interface ProfileChange {
  readonly name: string;
  readonly phone: string;
  readonly interestCategories: readonly string[];
  readonly addresses: readonly Address[];
}

/** Of a person whose account's event has not arrived yet. */
export const emptyProfile = (accountId: string): Profile => ({
  accountId,
  name: '',
  phone: '',
  interestCategories: [],
  addresses: [],
  version: 0n,
  createTime: undefined,
});

export const etagOf = ({ version }: Profile): string => `v${version}`;

/** The profile with the fields that the mask names. Throws ETAG_STALE when it has changed since it was read. */
export function changed(profile: Profile, change: ProfileChange, mask: readonly string[], etag: string): Profile {
  checkMask(mask);
  if (etag !== etagOf(profile)) throw fail('ETAG_STALE', { etag: etagOf(profile) });
  const names = (field: string) => mask.includes(field);
  return {
    ...profile,
    name: names('name') ? change.name.trim() : profile.name,
    phone: names('phone') ? change.phone : profile.phone,
    interestCategories: names('interest_categories') ? [...new Set(change.interestCategories)] : profile.interestCategories,
    addresses: names('addresses') ? change.addresses : profile.addresses,
    version: profile.version + 1n,
  };
}

const CHANGEABLE = ['name', 'phone', 'interest_categories', 'addresses'];

function checkMask(mask: readonly string[]): void {
  const unknown = mask.filter((field) => !CHANGEABLE.includes(field));
  const descriptions = mask.length === 0 ? ['names no field'] : unknown.map((field) => `${field} is not one of ${CHANGEABLE.join(', ')}`);
  if (descriptions.length === 0) return;
  throw fail('UPDATE_MASK_WRONG', {}, { violations: descriptions.map((description) => ({ field: 'update_mask', description })) });
}
