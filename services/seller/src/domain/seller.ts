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
  readonly version: bigint;
  readonly createTime: Date;
}

/** A first registration, or a new one after a rejection, which then waits in line anew. */
export function register(registration: Registration, before: Seller | undefined, at: Date): Seller {
  if (before && before.state !== 'REJECTED') throw fail('ALREADY_REGISTERED');
  return { ...registration, state: 'PENDING', rejectionReason: '', version: (before?.version ?? 0n) + 1n, createTime: at };
}

export function approve(seller: Seller | undefined): Seller {
  return { ...pending(seller), state: 'APPROVED' };
}

export function reject(seller: Seller | undefined, reason: string): Seller {
  return { ...pending(seller), state: 'REJECTED', rejectionReason: reason };
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
