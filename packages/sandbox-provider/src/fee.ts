/** The provider's share of a charge: 2.4 percent, half a minor unit rounded up. */
export const FEE_PER_MILLE = 24n;

export function feeOf(amountMinor: number): number {
  return Number((BigInt(amountMinor) * FEE_PER_MILLE + 500n) / 1000n);
}

/** The part of a charge's fee that comes back with a refund: in proportion, so that all refunds together give back the whole fee. */
export function feeBack(amountMinor: number, feeMinor: number, refundedBefore: number, refundMinor: number): number {
  const share = (refunded: number) => Number((2n * BigInt(feeMinor) * BigInt(refunded) + BigInt(amountMinor)) / (2n * BigInt(amountMinor)));
  return share(refundedBefore + refundMinor) - share(refundedBefore);
}
