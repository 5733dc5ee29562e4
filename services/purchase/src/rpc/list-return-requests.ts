import type { SellerOrderServiceDefinition } from '@moa/contracts/purchase/v1/order_service';
import { type Handler, pageOf, pageSizeOf, readPageToken } from '@moa/kit';
import { returnRequestToProto } from '../convert.js';
import type { Context } from '../service.js';
import { listReturnsOfSeller } from '../store/order-lists.js';

type ListReturnRequests = Handler<typeof SellerOrderServiceDefinition.methods.listReturnRequests>;

const OPEN = 'open';
const DECIDED = 'decided';

export const listReturnRequests =
  ({ db }: Context): ListReturnRequests =>
  async ({ pageSize, pageToken }, { caller }) => {
    const sellerId = caller.accountId;
    const filter = ['returns', sellerId];
    const size = pageSizeOf(pageSize);
    const [part = OPEN, after] = readPageToken(pageToken, filter, ['text', 'id']) ?? [];
    const open = part === OPEN ? await listReturnsOfSeller(db.client, sellerId, true, after, size + 1) : [];
    // Decided ones follow after the last that is open.
    const afterDecided = part === DECIDED ? after : undefined;
    const left = size + 1 - open.length;
    const decided = left > 0 ? await listReturnsOfSeller(db.client, sellerId, false, afterDecided, left) : [];
    const keysOf = ({ id, state }: (typeof open)[number]) => [state === 'OPEN' ? OPEN : DECIDED, id];
    const { items, nextPageToken } = pageOf([...open, ...decided], size, keysOf, filter);
    return { returnRequests: items.map(returnRequestToProto), nextPageToken };
  };
