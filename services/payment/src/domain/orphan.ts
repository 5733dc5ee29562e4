// Whether a charge that the provider has booked in our name is one of ours.

/** No attempt asked for it; or one asked for another amount; or the attempt has ended without it. */
export type OrphanReason = 'NO_ATTEMPT' | 'AMOUNT_DIFFERS' | 'NOT_EXPECTED';

interface Amount {
  readonly currency: string;
  readonly amountMinor: bigint;
}

export const sameAmount = (one: Amount, other: Amount): boolean => one.currency === other.currency && one.amountMinor === other.amountMinor;
