import { Seller_State } from '@moa/contracts/seller/v1/seller';
import type { SellerServiceDefinition } from '@moa/contracts/seller/v1/seller_service';
import { type Handler, kitFail, pageOf, pageSizeOf, readTimeToken } from '@moa/kit';
import { approvedSellerToProto, sellerToProto, stateFromProto } from '../convert.js';
import type { Context } from '../service.js';
import { listSellers as readSellers } from '../store/sellers.js';

const { STATE_APPROVED, STATE_UNSPECIFIED } = Seller_State;

type ListSellers = Handler<typeof SellerServiceDefinition.methods.listSellers>;

export const listSellers =
  ({ db, bankAccountKey }: Context): ListSellers =>
  async ({ state: wanted, pageSize, pageToken }, { caller }) => {
    // Whoever is no admin is a partner: who may sell is all that concerns it.
    const isAdmin = caller.roles.includes('ADMIN');
    if (!isAdmin && wanted !== STATE_UNSPECIFIED && wanted !== STATE_APPROVED) throw kitFail('CALLER_NOT_ALLOWED');
    const state = isAdmin ? wanted : STATE_APPROVED;
    const size = pageSizeOf(pageSize);
    const after = readTimeToken(pageToken, [state]);
    const rows = await readSellers(db, bankAccountKey, { state: stateFromProto(state), after, limit: size + 1 });
    const { items, nextPageToken } = pageOf(rows, size, ({ createTime, id }) => [createTime.toISOString(), id], [state]);
    return { sellers: items.map(isAdmin ? sellerToProto : approvedSellerToProto), nextPageToken };
  };
