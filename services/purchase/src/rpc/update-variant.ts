import { type CatalogServiceDefinition, NewVariant } from '@moa/contracts/purchase/v1/catalog_service';
import { type Handler, masked, transaction, validateMessage } from '@moa/kit';
import { ownProductToProto, variantChangeOf, variantColumnsOf } from '../convert-product.js';
import { checkChange, checkForSale, type Product } from '../domain/product.js';
import { checkVariantPrices } from '../domain/product-plan.js';
import { fail } from '../errors.js';
import { tellChanged } from '../product-events.js';
import type { Context } from '../service.js';
import { lockProductOfVariant, saveProduct, saveVariant } from '../store/products.js';

type UpdateVariant = Handler<typeof CatalogServiceDefinition.methods.updateVariant>;

export const updateVariant =
  ({ db }: Context): UpdateVariant =>
  ({ id, variant: next, updateMask = [], etag }, call) =>
    transaction(db, async (tx) => {
      const product = await lockProductOfVariant(tx, id);
      if (product?.sellerId !== call.caller.accountId) throw fail('VARIANT_NOT_FOUND');
      const variant = product.variants.find((one) => one.id === id)!;
      const change = masked(variantChangeOf(variant, product.currency), next, updateMask);
      const plan = { ...change, optionValues: [...variant.optionValues] };
      validateMessage(NewVariant, plan, 'variant');
      checkChange(product, etag);
      checkVariantPrices(product.currency, { price: change.price!, compareAtPrice: change.compareAtPrice });
      if (product.state === 'ON_SALE') checkForSale(withDisabled(product, id, change.disabled));
      const { sku, priceMinor, compareAtMinor } = variantColumnsOf(plan);
      await saveVariant(tx, id, { sku, priceMinor, compareAtMinor, disabled: change.disabled });
      const saved = await saveProduct(tx, product.id);
      await tellChanged(tx, call, product, saved);
      return { product: ownProductToProto(saved) };
    });

const withDisabled = ({ variants }: Product, id: string, disabled: boolean) =>
  variants.map((variant) => (variant.id === id ? { disabled } : variant));
