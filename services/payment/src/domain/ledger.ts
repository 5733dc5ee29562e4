// The accounts, and entries on them. Debit is positive, credit negative; entries of a transaction sum to zero.

const BASIS_POINTS = 10_000n;

export type LedgerAccountName =
  | 'PROVIDER_CLEARING'
  | 'BUYER_REFUNDS_DUE'
  | 'SELLER_PAYABLE'
  | 'PLATFORM_FEE'
  | 'PROVIDER_FEE'
  | 'POINTS_LIABILITY'
  | 'POINTS_EXPENSE'
  | 'COUPON_EXPENSE'
  | 'BANK';

export interface Entry {
  readonly account: LedgerAccountName;
  /** The seller, for what is payable to one, or what a coupon costs one. */
  readonly ownerId?: string;
  readonly amountMinor: bigint;
}

/** What the platform takes, by the policy that held when the payment was asked for. */
export interface FeeTerms {
  /** In hundredths of a percent. */
  readonly platformBasisPoints: number;
  /** Added once. */
  readonly platformFixedMinor: bigint;
}

/** The platform's fee: its part, half a minor unit rounded up, and what is fixed; never more than what it is taken of. */
export function platformFeeOf(amountMinor: bigint, { platformBasisPoints, platformFixedMinor }: FeeTerms): bigint {
  const fee = (amountMinor * BigInt(platformBasisPoints) + BASIS_POINTS / 2n) / BASIS_POINTS + platformFixedMinor;
  return fee < amountMinor ? fee : amountMinor;
}

/** The entries of a charge that is none of ours: owed to whoever paid it, in full. What the provider keeps of it is ours to bear. */
export const entriesOfOrphan = (amountMinor: bigint, feeMinor: bigint): Entry[] => orphanEntries(amountMinor, feeMinor);

/** The entries of one that is gone, with so much of the provider's fee back. */
export const entriesOfOrphanReturn = (amountMinor: bigint, feeMinor: bigint): Entry[] => orphanEntries(-amountMinor, -feeMinor);

const orphanEntries = (amountMinor: bigint, feeMinor: bigint): Entry[] => {
  const entries: Entry[] = [
    { account: 'PROVIDER_CLEARING', amountMinor },
    { account: 'BUYER_REFUNDS_DUE', amountMinor: -amountMinor },
    { account: 'PROVIDER_FEE', amountMinor: -feeMinor },
    { account: 'PLATFORM_FEE', amountMinor: feeMinor },
  ];
  return entries.filter((entry) => entry.amountMinor !== 0n);
};
