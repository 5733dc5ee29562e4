import { type CatalogServiceDefinition, PauseProductResponse } from '@moa/contracts/purchase/v1/catalog_service';
import { type Handler, once } from '@moa/kit';
import { ownProductToProto } from '../convert-product.js';
import { ownProduct, pause } from '../domain/product.js';
import { tellChanged } from '../product-events.js';
import type { Context } from '../service.js';
import { lockProduct, saveProduct } from '../store/products.js';

type PauseProduct = Handler<typeof CatalogServiceDefinition.methods.pauseProduct>;

export const pauseProduct =
  ({ db }: Context): PauseProduct =>
  ({ id }, call) =>
    once(db, call, PauseProductResponse, async (tx) => {
      const product = ownProduct(call.caller.accountId, await lockProduct(tx, id));
      const saved = await saveProduct(tx, id, pause(product));
      await tellChanged(tx, call, product, saved);
      return { product: ownProductToProto(saved) };
    });
