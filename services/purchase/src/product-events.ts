// What is told of products.
import { ProductChanged, ProductPublished } from '@moa/contracts/purchase/v1/purchase_events';
import { emit, type Origin } from '@moa/kit';
import { isPublic, type Product } from './domain/product.js';
import type { Queries } from './store/database.js';

export const tellPublished = (tx: Queries, origin: Origin, product: Product): Promise<void> => {
  const { id: productId, sellerId, title, category, version } = product;
  return emit(tx, origin, ProductPublished, { productId, sellerId, title, category }, { version });
};

/** Of what nobody has seen, nothing is told. */
export async function tellChanged(tx: Queries, origin: Origin, before: Product, after: Product): Promise<void> {
  if (!isPublic(before)) return;
  const { id: productId, sellerId, state, version } = after;
  await emit(tx, origin, ProductChanged, { productId, sellerId, onSale: state === 'ON_SALE' }, { version });
}
