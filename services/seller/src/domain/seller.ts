import { fail } from '../errors.js';

export interface BankAccount {
  readonly bankCode: string;
  readonly accountNumber: string;
  readonly holderName: string;
}

/** What a person says of a business. */
export interface Registration {
  readonly id: string;
  readonly companyName: string;
  readonly businessNumber: string;
  readonly representativeName: string;
  readonly settlementAccount: BankAccount;
}

export interface Seller extends Registration {
  readonly state: 'PENDING' | 'APPROVED' | 'REJECTED';
  /** Empty unless it was rejected. */
  readonly rejectionReason: string;
  /** Of the documents that were handed in last for this registration. */
  readonly verificationState: 'NONE' | 'SUBMITTED' | 'VERIFIED' | 'REJECTED';
  /** Whether the newest decision was a yes: it holds while a renewal waits. */
  readonly verified: boolean;
  /** Why documents were rejected last. */
  readonly verificationRejectionReason: string;
  /** From when on payouts may go to the settlement account; null when it was never changed. */
  readonly settlementAccountUsableFrom: Date | null;
  readonly version: bigint;
  readonly createTime: Date;
}

/** Between a change of the settlement account and the first payout to it: long enough for its owner to read the mail, and to undo it. */
export const ACCOUNT_COOL_OFF_MS = 86_400_000;

const UNVERIFIED = { verificationState: 'NONE', verified: false, verificationRejectionReason: '' } as const;

/** A first registration, or a new one after a rejection, which then waits in line anew; what was verified of the old one is no proof of it. */
export function register(registration: Registration, before: Seller | undefined, at: Date): Seller {
  if (before && before.state !== 'REJECTED') throw fail('ALREADY_REGISTERED');
  return {
    ...registration,
    ...UNVERIFIED,
    state: 'PENDING',
    rejectionReason: '',
    settlementAccountUsableFrom: null,
    version: (before?.version ?? 0n) + 1n,
    createTime: at,
  };
}

export function approve(seller: Seller | undefined): Seller {
  return { ...pending(seller), state: 'APPROVED' };
}

/** With it go the documents that wait. */
export function reject(seller: Seller | undefined, reason: string): Seller {
  const found = pending(seller);
  const rejected = found.verificationState === 'SUBMITTED' ? withRejectedDocuments(found, reason) : found;
  return { ...rejected, state: 'REJECTED', rejectionReason: reason };
}

export const withRejectedDocuments = (seller: Seller, reason: string): Seller => ({
  ...seller,
  verificationState: 'REJECTED',
  verified: false,
  verificationRejectionReason: reason,
});

/** Settlements go elsewhere from now on, but not at once. */
export function changeAccount(
  seller: Seller | undefined,
  settlementAccount: BankAccount,
  at: Date,
): Seller & { settlementAccountUsableFrom: Date } {
  if (!seller) throw fail('SELLER_NOT_FOUND');
  if (seller.state !== 'APPROVED') throw fail('SELLER_NOT_APPROVED', { state: seller.state });
  const settlementAccountUsableFrom = new Date(at.getTime() + ACCOUNT_COOL_OFF_MS);
  return { ...seller, settlementAccount, settlementAccountUsableFrom, version: seller.version + 1n };
}

/** Where money may be sent now. Throws SELLER_NOT_VERIFIED, and SETTLEMENT_ACCOUNT_TOO_NEW until its owner had time to read of a change. */
export function usableAccount(seller: Seller | undefined, at: Date): BankAccount {
  if (!seller) throw fail('SELLER_NOT_FOUND');
  if (!seller.verified) throw fail('SELLER_NOT_VERIFIED', { state: seller.verificationState });
  const { settlementAccountUsableFrom: usableFrom } = seller;
  if (usableFrom && usableFrom > at) throw fail('SETTLEMENT_ACCOUNT_TOO_NEW', { usableFrom: usableFrom.toISOString() });
  return seller.settlementAccount;
}

function pending(seller: Seller | undefined): Seller {
  if (!seller) throw fail('SELLER_NOT_FOUND');
  if (seller.state !== 'PENDING') throw fail('ALREADY_DECIDED', { state: seller.state });
  return { ...seller, version: seller.version + 1n };
}

const SHOWN_DIGITS = 4;
const MASK = '********';

/** As many stars for every number: its length is nobody's business either. */
export const masked = (accountNumber: string): string => MASK + accountNumber.slice(-SHOWN_DIGITS);
