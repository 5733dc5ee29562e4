import { type CatalogServiceDefinition, ProductText } from '@moa/contracts/purchase/v1/catalog_service';
import { type Handler, masked, transaction, validateMessage } from '@moa/kit';
import { ownProductToProto, textOf } from '../convert-product.js';
import { checkChange, ownProduct } from '../domain/product.js';
import { tellChanged } from '../product-events.js';
import type { Context } from '../service.js';
import { lockProduct, saveProduct } from '../store/products.js';

type UpdateProduct = Handler<typeof CatalogServiceDefinition.methods.updateProduct>;

export const updateProduct =
  ({ db }: Context): UpdateProduct =>
  ({ id, product: next, updateMask = [], etag }, call) =>
    transaction(db, async (tx) => {
      const product = ownProduct(call.caller.accountId, await lockProduct(tx, id));
      const text = masked(textOf(product), next, updateMask);
      validateMessage(ProductText, text, 'product');
      checkChange(product, etag);
      const saved = await saveProduct(tx, id, text);
      await tellChanged(tx, call, product, saved);
      return { product: ownProductToProto(saved) };
    });
