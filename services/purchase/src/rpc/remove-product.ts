import { type CatalogServiceDefinition, RemoveProductResponse } from '@moa/contracts/purchase/v1/catalog_service';
import { type Handler, once } from '@moa/kit';
import { ownProductToProto } from '../convert-product.js';
import { ownProduct, remove } from '../domain/product.js';
import { tellChanged } from '../product-events.js';
import type { Context } from '../service.js';
import { lockProduct, saveProduct } from '../store/products.js';

type RemoveProduct = Handler<typeof CatalogServiceDefinition.methods.removeProduct>;

export const removeProduct =
  ({ db }: Context): RemoveProduct =>
  ({ id }, call) =>
    once(db, call, RemoveProductResponse, async (tx) => {
      const product = ownProduct(call.caller.accountId, await lockProduct(tx, id));
      const saved = await saveProduct(tx, id, remove(product));
      await tellChanged(tx, call, product, saved);
      return { product: ownProductToProto(saved) };
    });
