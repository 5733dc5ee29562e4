// Products: domain <-> contract.
import type { NewVariant, ProductText, VariantChange } from '@moa/contracts/purchase/v1/catalog_service';
import * as proto from '@moa/contracts/purchase/v1/product';
import type { Money } from '@moa/contracts/type/v1/money';
import { etagOf, inOrder, type Product, type Variant } from './domain/product.js';
import type { VariantPlan } from './domain/product-plan.js';

const money = (currencyCode: string, amountMinor: bigint): Money => ({ currencyCode, amountMinor });

/** As everybody sees it. */
export const productToProto = (product: Product): proto.Product => ({
  id: product.id,
  sellerId: product.sellerId,
  state: proto.Product_State[`STATE_${product.state}`],
  title: product.title,
  description: product.description,
  category: product.category,
  imageUrls: product.imageUrls,
  options: product.options.map(({ name, values }) => ({ name, values: [...values] })),
  variants: inOrder(product).map((variant) => ({ ...variantToProto(variant, product.currency), reserved: 0 })),
  createTime: product.createTime,
  publishTime: product.publishTime ?? undefined,
  etag: etagOf(product),
});

/** As its seller sees it. */
export const ownProductToProto = (product: Product): proto.Product => ({
  ...productToProto(product),
  variants: inOrder(product).map((variant) => variantToProto(variant, product.currency)),
});

export const variantToProto = (variant: Variant, currency: string): proto.Variant => ({
  id: variant.id,
  sku: variant.sku,
  optionValues: [...variant.optionValues],
  price: money(currency, variant.priceMinor),
  compareAtPrice: variant.compareAtMinor === null ? undefined : money(currency, variant.compareAtMinor),
  available: variant.onHand - variant.reserved,
  reserved: variant.reserved,
  disabled: variant.disabled,
});

/** What a seller said of a variant, as the rules take it. */
export const variantPlanOf = ({ optionValues, price, compareAtPrice }: NewVariant): VariantPlan => ({
  optionValues,
  price: price!,
  compareAtPrice,
});

/** What a seller said of a variant, as columns. */
export const variantColumnsOf = ({ sku, optionValues, price, compareAtPrice }: NewVariant) => ({
  sku,
  optionValues,
  priceMinor: price!.amountMinor,
  compareAtMinor: compareAtPrice?.amountMinor ?? null,
});

export const textOf = ({ title, description, category, imageUrls }: Product): ProductText => ({ title, description, category, imageUrls });

/** What a seller may change of a variant, as it is. */
export const variantChangeOf = ({ sku, priceMinor, compareAtMinor, disabled }: Variant, currency: string): VariantChange => ({
  sku,
  price: money(currency, priceMinor),
  compareAtPrice: compareAtMinor === null ? undefined : money(currency, compareAtMinor),
  disabled,
});
