// How a charge is divided: a pledge's has one share, an order's one of each seller. Debit is positive, credit negative; entries of a transaction sum to zero.
import type { StoredShare } from './instant-payment.js';
import { type Entry, platformFeeOf } from './ledger.js';

/** What a seller pays for a share that was paid. */
export interface ShareFees {
  readonly sellerId: string;
  readonly platformFeeMinor: bigint;
  readonly providerFeeMinor: bigint;
}

export type ShareToPost = Omit<StoredShare, 'refundedMinor'>;

/**
 * Each seller is owed the price less the fees. The platform takes its part of the price less the seller's own coupon; the provider's fee is
 * borne in proportion to what was paid. What buyers do not pay in money is the expense of who gave the coupon, or points that we owed.
 */
export function entriesOfCharge(shares: readonly ShareToPost[], providerFeeMinor: bigint): { entries: Entry[]; fees: ShareFees[] } {
  const fees = feesOf(shares, providerFeeMinor);
  const sum = (of: readonly bigint[]) => of.reduce((total, amount) => total + amount, 0n);
  const entries: Entry[] = [
    { account: 'PROVIDER_CLEARING', amountMinor: sum(shares.map(({ paidMinor }) => paidMinor)) },
    { account: 'PLATFORM_FEE', amountMinor: -sum(fees.map(({ platformFeeMinor }) => platformFeeMinor)) },
    { account: 'PROVIDER_FEE', amountMinor: -providerFeeMinor },
    { account: 'COUPON_EXPENSE', amountMinor: sum(shares.map(({ platformCouponMinor }) => platformCouponMinor)) },
    { account: 'POINTS_LIABILITY', amountMinor: sum(shares.map(({ pointsMinor }) => pointsMinor)) },
    ...shares.flatMap(({ sellerId: ownerId, sellerCouponMinor, ...share }, index): Entry[] => {
      const { platformFeeMinor, providerFeeMinor: feeMinor } = fees[index]!;
      const priceMinor = share.paidMinor + share.platformCouponMinor + sellerCouponMinor + share.pointsMinor;
      return [
        { account: 'COUPON_EXPENSE', ownerId, amountMinor: sellerCouponMinor },
        { account: 'SELLER_PAYABLE', ownerId, amountMinor: platformFeeMinor + feeMinor - priceMinor },
      ];
    }),
  ];
  return { entries: entries.filter((entry) => entry.amountMinor !== 0n), fees };
}

// Rounded together, so that the parts of the provider's fee are the whole. Of what costs no money it has none.
function feesOf(shares: readonly ShareToPost[], providerFeeMinor: bigint): ShareFees[] {
  const paidInAll = shares.reduce((total, { paidMinor }) => total + paidMinor, 0n);
  let passed = 0n;
  return shares.map(({ sellerId, paidMinor, platformCouponMinor, pointsMinor, ...terms }) => {
    const before = providerFeeMinor && (providerFeeMinor * passed) / paidInAll;
    passed += paidMinor;
    return {
      sellerId,
      platformFeeMinor: platformFeeOf(paidMinor + platformCouponMinor + pointsMinor, terms),
      providerFeeMinor: providerFeeMinor && (providerFeeMinor * passed) / paidInAll - before,
    };
  });
}
