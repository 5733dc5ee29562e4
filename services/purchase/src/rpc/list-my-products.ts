import type { CatalogServiceDefinition } from '@moa/contracts/purchase/v1/catalog_service';
import { type Handler, pageOf, pageSizeOf, readPageToken } from '@moa/kit';
import { stateName, summaryToProto } from '../convert-list.js';
import type { Context } from '../service.js';
import { listProductsOfSeller } from '../store/product-lists.js';

type ListMyProducts = Handler<typeof CatalogServiceDefinition.methods.listMyProducts>;

export const listMyProducts =
  ({ db }: Context): ListMyProducts =>
  async ({ state: stateNumber, pageSize, pageToken }, { caller }) => {
    const state = stateName(stateNumber);
    const filter = ['seller', caller.accountId, state];
    const size = pageSizeOf(pageSize);
    const [after] = readPageToken(pageToken, filter, ['id']) ?? [];
    const rows = await listProductsOfSeller(db.client, caller.accountId, state, after, size + 1);
    const { items, nextPageToken } = pageOf(rows, size, ({ id }) => [id], filter);
    return { products: items.map(summaryToProto), nextPageToken };
  };
