// Lists of products: domain <-> contract.
import * as proto from '@moa/contracts/purchase/v1/catalog_service';
import { Product_State, type ProductSummary as ProtoSummary } from '@moa/contracts/purchase/v1/product';
import type { ProductState } from './domain/product.js';
import { CURRENCY, type Facets, type ProductFilter, type ProductSort } from './domain/product-list.js';
import type { ProductSummary } from './store/product-lists.js';

export const summaryToProto = (summary: ProductSummary): ProtoSummary => ({
  id: summary.id,
  sellerId: summary.sellerId,
  state: Product_State[`STATE_${summary.state}`],
  title: summary.title,
  category: summary.category,
  imageUrl: summary.imageUrl,
  price: { currencyCode: summary.currency, amountMinor: summary.priceMinor },
  compareAtPrice: summary.compareAtMinor === null ? undefined : { currencyCode: summary.currency, amountMinor: summary.compareAtMinor },
  priceFrom: summary.priceFrom,
  inStock: summary.inStock,
  publishTime: summary.publishTime ?? undefined,
  soldCount: summary.soldCount,
});

export const facetsToProto = ({ totalCount, inStockCount, categories, bands }: Facets): proto.ProductFacets => ({
  totalCount,
  inStockCount,
  categories: [...categories],
  priceBands: [...bands],
});

export const filterOf = (filter: proto.ProductFilter | undefined, words: readonly string[] = []): ProductFilter => ({
  currency: filter?.currencyCode || CURRENCY,
  category: filter?.category ?? '',
  sellerId: filter?.sellerId ?? '',
  priceFromMinor: filter?.priceFromMinor,
  priceToMinor: filter?.priceToMinor,
  inStockOnly: filter?.inStockOnly ?? false,
  words,
});

export const SORTS: Record<proto.ProductSort, ProductSort> = {
  [proto.ProductSort.PRODUCT_SORT_UNSPECIFIED]: 'NEWEST',
  [proto.ProductSort.PRODUCT_SORT_NEWEST]: 'NEWEST',
  [proto.ProductSort.PRODUCT_SORT_PRICE_LOW]: 'PRICE_LOW',
  [proto.ProductSort.PRODUCT_SORT_PRICE_HIGH]: 'PRICE_HIGH',
  [proto.ProductSort.PRODUCT_SORT_POPULAR]: 'POPULAR',
};

/** Undefined for STATE_UNSPECIFIED. */
export const stateName = (state: Product_State): ProductState | undefined => STATES[state];

const STATES: Record<Product_State, ProductState | undefined> = {
  [Product_State.STATE_UNSPECIFIED]: undefined,
  [Product_State.STATE_DRAFT]: 'DRAFT',
  [Product_State.STATE_ON_SALE]: 'ON_SALE',
  [Product_State.STATE_PAUSED]: 'PAUSED',
  [Product_State.STATE_REMOVED]: 'REMOVED',
};
