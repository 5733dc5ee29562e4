import { AddVariantResponse, type CatalogServiceDefinition } from '@moa/contracts/purchase/v1/catalog_service';
import { type Handler, once } from '@moa/kit';
import { ownProductToProto, variantColumnsOf, variantPlanOf } from '../convert-product.js';
import { checkNotRemoved, ownProduct } from '../domain/product.js';
import { addVariant as withVariant } from '../domain/product-plan.js';
import { tellChanged } from '../product-events.js';
import type { Context } from '../service.js';
import { insertVariant, lockProduct, saveProduct } from '../store/products.js';

type AddVariant = Handler<typeof CatalogServiceDefinition.methods.addVariant>;

export const addVariant =
  ({ db }: Context): AddVariant =>
  ({ productId, variant }, call) =>
    once(db, call, AddVariantResponse, async (tx) => {
      const product = ownProduct(call.caller.accountId, await lockProduct(tx, productId));
      checkNotRemoved(product);
      const options = withVariant(product, variantPlanOf(variant!));
      await insertVariant(tx, product.id, product.variants.length, variantColumnsOf(variant!));
      const saved = await saveProduct(tx, product.id, { options });
      await tellChanged(tx, call, product, saved);
      return { product: ownProductToProto(saved) };
    });
