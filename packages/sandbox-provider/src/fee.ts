/** The provider's share of a charge: 2.4 percent, half a minor unit rounded up. */
export const FEE_PER_MILLE = 24n;

export function feeOf(amountMinor: number): number {
  return Number((BigInt(amountMinor) * FEE_PER_MILLE + 500n) / 1000n);
}
