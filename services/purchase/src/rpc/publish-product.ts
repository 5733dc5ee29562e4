import { type CatalogServiceDefinition, PublishProductResponse } from '@moa/contracts/purchase/v1/catalog_service';
import { type Handler, once } from '@moa/kit';
import { ownProductToProto } from '../convert-product.js';
import { ownProduct, publish } from '../domain/product.js';
import { tellPublished } from '../product-events.js';
import type { Context } from '../service.js';
import { lockProduct, saveProduct } from '../store/products.js';

type PublishProduct = Handler<typeof CatalogServiceDefinition.methods.publishProduct>;

export const publishProduct =
  ({ db }: Context): PublishProduct =>
  ({ id }, call) =>
    once(db, call, PublishProductResponse, async (tx) => {
      const product = ownProduct(call.caller.accountId, await lockProduct(tx, id));
      const saved = await saveProduct(tx, id, publish(product, call.at));
      await tellPublished(tx, call, saved);
      return { product: ownProductToProto(saved) };
    });
