import type { CatalogServiceDefinition } from '@moa/contracts/purchase/v1/catalog_service';
import type { Handler } from '@moa/kit';
import { ownProductToProto, productToProto } from '../convert-product.js';
import { visibleTo } from '../domain/product.js';
import { readPublicProduct } from '../product-reads.js';
import type { Context } from '../service.js';
import { readProduct } from '../store/products.js';

type GetProduct = Handler<typeof CatalogServiceDefinition.methods.getProduct>;

export const getProduct =
  (context: Context): GetProduct =>
  async ({ id }, { person }) => {
    if (!person?.roles.includes('SELLER')) return readPublicProduct(context, id);
    // It may be the seller's own: that is shown whole, and as it is now.
    const product = visibleTo(person.accountId, await readProduct(context.db.client, id));
    return { product: product.sellerId === person.accountId ? ownProductToProto(product) : productToProto(product) };
  };
