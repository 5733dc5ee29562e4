import type { CatalogServiceDefinition } from '@moa/contracts/purchase/v1/catalog_service';
import { type Handler, invalid } from '@moa/kit';
import { filterOf, SORTS } from '../convert-list.js';
import { wordsOf } from '../domain/product-list.js';
import { readProducts } from '../product-reads.js';
import type { Context } from '../service.js';

type SearchProducts = Handler<typeof CatalogServiceDefinition.methods.searchProducts>;

export const searchProducts =
  (context: Context): SearchProducts =>
  async ({ query, filter, sort, pageSize, pageToken }) => {
    const words = wordsOf(query);
    if (words.length === 0) throw invalid([{ field: 'query', description: 'must have a word' }]);
    return readProducts(context, { filter: filterOf(filter, words), sort: SORTS[sort], pageSize, pageToken });
  };
