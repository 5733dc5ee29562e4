import { type CatalogServiceDefinition, CreateProductResponse } from '@moa/contracts/purchase/v1/catalog_service';
import { type Handler, once } from '@moa/kit';
import { ownProductToProto, variantColumnsOf, variantPlanOf } from '../convert-product.js';
import { checkNewProduct } from '../domain/product-plan.js';
import type { Context } from '../service.js';
import { insertProduct } from '../store/products.js';

type CreateProduct = Handler<typeof CatalogServiceDefinition.methods.createProduct>;

export const createProduct =
  ({ db }: Context): CreateProduct =>
  async ({ text, options, variants }, call) => {
    checkNewProduct(options, variants.map(variantPlanOf));
    const currency = variants[0]!.price!.currencyCode;
    return once(db, call, CreateProductResponse, async (tx) => {
      const draft = { ...text!, options, currency, sellerId: call.caller.accountId, createTime: call.at };
      return { product: ownProductToProto(await insertProduct(tx, draft, variants.map(variantColumnsOf))) };
    });
  };
