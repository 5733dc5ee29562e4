export type SettlementState = 'WAITING' | 'PAID' | 'CARRIED_OVER';

/** Whether its money has left, or never will because there is none. */
export function settlementStateOf({ netMinor, paidMinor }: { readonly netMinor: bigint; readonly paidMinor: bigint }): SettlementState {
  if (paidMinor > 0n) return 'PAID';
  return netMinor > 0n ? 'WAITING' : 'CARRIED_OVER';
}
