import { Seller_State, type Seller as SellerProto } from '@moa/contracts/seller/v1/seller';
import {
  Document_Kind,
  type Document as DocumentProto,
  Verification_State,
  type Verification as VerificationProto,
} from '@moa/contracts/seller/v1/verification';
import { masked, type Seller } from './domain/seller.js';
import type { Document, Verification } from './domain/verification.js';

export const sellerToProto = ({
  settlementAccount: { bankCode, accountNumber, holderName },
  version: _,
  state,
  verificationState,
  settlementAccountUsableFrom,
  ...seller
}: Seller): SellerProto => ({
  ...seller,
  state: Seller_State[`STATE_${state}`],
  verificationState: Verification_State[`STATE_${verificationState}`],
  settlementAccountUsableFrom: settlementAccountUsableFrom ?? undefined,
  settlementAccount: { bankCode, accountNumber: masked(accountNumber), holderName },
});

/** As a partner sees it: nothing of where its money goes, of its documents, or of a rejection that is past. */
export const approvedSellerToProto = (seller: Seller): SellerProto => ({
  ...sellerToProto(seller),
  settlementAccount: undefined,
  settlementAccountUsableFrom: undefined,
  rejectionReason: '',
  verificationState: Verification_State.STATE_UNSPECIFIED,
  verified: false,
  verificationRejectionReason: '',
});

/** Undefined for STATE_UNSPECIFIED: all of them. */
export const stateFromProto = (state: Seller_State): Seller['state'] | undefined =>
  (['PENDING', 'APPROVED', 'REJECTED'] as const).find((name) => Seller_State[`STATE_${name}`] === state);

export const verificationToProto = ({ state, documents, reviewTime, reviewerId, ...verification }: Verification): VerificationProto => ({
  ...verification,
  state: Verification_State[`STATE_${state}`],
  documents: documents.map((document) => ({ ...document, kind: Document_Kind[`KIND_${document.kind}`] })),
  reviewTime: reviewTime ?? undefined,
  reviewerId: reviewerId ?? '',
});

const DOCUMENT_KINDS = ['BUSINESS_REGISTRATION', 'BANK_BOOK', 'ID', 'OTHER'] as const;

/** The contract's rules have let no other kind through. */
export const documentFromProto = ({ kind, ...document }: DocumentProto): Document => ({
  ...document,
  kind: DOCUMENT_KINDS.find((name) => Document_Kind[`KIND_${name}`] === kind)!,
});
