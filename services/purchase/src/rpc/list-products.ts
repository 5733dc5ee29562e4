import type { CatalogServiceDefinition } from '@moa/contracts/purchase/v1/catalog_service';
import type { Handler } from '@moa/kit';
import { filterOf, SORTS } from '../convert-list.js';
import { readProducts } from '../product-reads.js';
import type { Context } from '../service.js';

type ListProducts = Handler<typeof CatalogServiceDefinition.methods.listProducts>;

export const listProducts =
  (context: Context): ListProducts =>
  ({ filter, sort, pageSize, pageToken }) =>
    readProducts(context, { filter: filterOf(filter), sort: SORTS[sort], pageSize, pageToken });
