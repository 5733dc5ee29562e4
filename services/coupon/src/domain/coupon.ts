import type { Campaign } from './campaign.js';

export type Source = 'GRANT' | 'LIST' | 'CODE' | 'CLAIM' | 'WELCOME';

/** A coupon of a person. */
export interface Coupon {
  readonly id: string;
  readonly campaignId: string;
  readonly ownerId: string;
  readonly state: 'ISSUED' | 'RESERVED' | 'USED' | 'EXPIRED' | 'REVOKED';
  readonly source: Source;
  readonly holderId: string | null;
  readonly discountMinor: bigint;
  readonly version: bigint;
  readonly issueTime: Date;
  readonly expireTime: Date;
  readonly useTime: Date | null;
  readonly campaign: Campaign;
}
