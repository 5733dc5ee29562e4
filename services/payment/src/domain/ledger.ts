// How a charge is divided. Debit is positive, credit negative; entries of a transaction sum to zero.

/** The platform's share of what a backer pays: 5 percent. */
export const PLATFORM_FEE_BASIS_POINTS = 500n;
const BASIS_POINTS = 10_000n;

export type LedgerAccountName =
  | 'PROVIDER_CLEARING'
  | 'BUYER_REFUNDS_DUE'
  | 'SELLER_PAYABLE'
  | 'PLATFORM_FEE'
  | 'PROVIDER_FEE'
  | 'POINTS_LIABILITY'
  | 'COUPON_EXPENSE';

export interface Entry {
  readonly account: LedgerAccountName;
  /** The seller, for what is payable to one, or what a coupon costs one. */
  readonly ownerId?: string;
  readonly amountMinor: bigint;
}

export interface ChargeToPost {
  readonly amountMinor: bigint;
  /** What the provider keeps, as it says. */
  readonly providerFeeMinor: bigint;
  readonly sellerId: string;
}

/** The platform's fee, half a minor unit rounded up. */
export const platformFeeOf = (amountMinor: bigint): bigint => (amountMinor * PLATFORM_FEE_BASIS_POINTS + BASIS_POINTS / 2n) / BASIS_POINTS;

/** The entries of a charge. The seller is owed what the fees leave. */
export function entriesOfCharge({ amountMinor, providerFeeMinor, sellerId }: ChargeToPost): Entry[] {
  const platformFeeMinor = platformFeeOf(amountMinor);
  const entries: Entry[] = [
    { account: 'PROVIDER_CLEARING', amountMinor },
    { account: 'PLATFORM_FEE', amountMinor: -platformFeeMinor },
    { account: 'PROVIDER_FEE', amountMinor: -providerFeeMinor },
    { account: 'SELLER_PAYABLE', ownerId: sellerId, amountMinor: platformFeeMinor + providerFeeMinor - amountMinor },
  ];
  // A small charge may have no fee, and nothing is not an entry.
  return entries.filter((entry) => entry.amountMinor !== 0n);
}
