import { fail } from '../errors.js';
import { type Seller, withRejectedDocuments } from './seller.js';

export interface Document {
  readonly kind: 'BUSINESS_REGISTRATION' | 'BANK_BOOK' | 'ID' | 'OTHER';
  /** Where the file is; it never comes here. */
  readonly reference: string;
  readonly sha256: string;
  readonly name: string;
}

export interface Verification {
  readonly id: string;
  readonly sellerId: string;
  /** As the business was registered when the documents were handed in. */
  readonly companyName: string;
  readonly businessNumber: string;
  readonly state: 'SUBMITTED' | 'VERIFIED' | 'REJECTED';
  readonly documents: readonly Document[];
  readonly rejectionReason: string;
  readonly submitTime: Date;
  readonly reviewTime: Date | null;
  readonly reviewerId: string | null;
}

/** What an admin said, when, and who it was. */
export interface Decision {
  /** Undefined: yes. */
  readonly rejectionReason: string | undefined;
  readonly reviewerId: string;
  readonly at: Date;
}

/** Documents of a registration that waits or was approved; of an approved one, they may be a renewal. */
export function submit(
  seller: Seller | undefined,
  id: string,
  documents: readonly Document[],
  at: Date,
): { seller: Seller; verification: Verification } {
  if (!seller) throw fail('SELLER_NOT_FOUND');
  if (seller.state === 'REJECTED') throw fail('REGISTRATION_REJECTED');
  if (seller.verificationState === 'SUBMITTED') throw fail('VERIFICATION_WAITING');
  const { id: sellerId, companyName, businessNumber } = seller;
  return {
    seller: { ...seller, verificationState: 'SUBMITTED', version: seller.version + 1n },
    verification: {
      id,
      sellerId,
      companyName,
      businessNumber,
      state: 'SUBMITTED',
      documents,
      rejectionReason: '',
      submitTime: at,
      reviewTime: null,
      reviewerId: null,
    },
  };
}

/** The newest decision counts: a renewal that is rejected ends the verification, too. */
export function review(seller: Seller, verification: Verification, decision: Decision): { seller: Seller; verification: Verification } {
  if (verification.state !== 'SUBMITTED') throw fail('VERIFICATION_DECIDED', { state: verification.state });
  const { rejectionReason: reason } = decision;
  const decided: Seller =
    reason === undefined
      ? { ...seller, verificationState: 'VERIFIED', verified: true, verificationRejectionReason: '' }
      : withRejectedDocuments(seller, reason);
  return { seller: { ...decided, version: seller.version + 1n }, verification: decide(verification, decision) };
}

export const decide = (verification: Verification, { rejectionReason, reviewerId, at }: Decision): Verification => ({
  ...verification,
  state: rejectionReason === undefined ? 'VERIFIED' : 'REJECTED',
  rejectionReason: rejectionReason ?? '',
  reviewTime: at,
  reviewerId,
});
