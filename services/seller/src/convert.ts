import { Seller_State, type Seller as SellerProto } from '@moa/contracts/seller/v1/seller';
import { masked, type Seller } from './domain/seller.js';

export const sellerToProto = ({
  settlementAccount: { bankCode, accountNumber, holderName },
  version: _,
  state,
  ...seller
}: Seller): SellerProto => ({
  ...seller,
  state: Seller_State[`STATE_${state}`],
  settlementAccount: { bankCode, accountNumber: masked(accountNumber), holderName },
});

/** As a partner sees it: nothing of where its money goes, nor of a rejection that is past. */
export const approvedSellerToProto = (seller: Seller): SellerProto => ({
  ...sellerToProto(seller),
  settlementAccount: undefined,
  rejectionReason: '',
});

/** Undefined for STATE_UNSPECIFIED: all of them. */
export const stateFromProto = (state: Seller_State): Seller['state'] | undefined =>
  (['PENDING', 'APPROVED', 'REJECTED'] as const).find((name) => Seller_State[`STATE_${name}`] === state);
