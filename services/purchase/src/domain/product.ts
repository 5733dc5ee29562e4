// A product from draft to removal: who sees it, and how its states follow each other.
import { fail } from '../errors.js';

export type ProductState = 'DRAFT' | 'ON_SALE' | 'PAUSED' | 'REMOVED';

/** What a buyer chooses of a product. */
export interface ProductOption {
  readonly name: string;
  readonly values: readonly string[];
}

export interface Variant {
  readonly id: string;
  readonly sku: string;
  /** One for each option of the product. */
  readonly optionValues: readonly string[];
  readonly priceMinor: bigint;
  /** Higher than the price, or null. */
  readonly compareAtMinor: bigint | null;
  readonly disabled: boolean;
  /** All pieces on the shelf, those that orders hold included. */
  readonly onHand: number;
  readonly reserved: number;
}

export interface Product {
  readonly id: string;
  readonly sellerId: string;
  readonly state: ProductState;
  readonly title: string;
  readonly description: string;
  readonly category: string;
  readonly imageUrls: string[];
  readonly options: readonly ProductOption[];
  /** Of all its prices. */
  readonly currency: string;
  /** Counts its changes, and its events. */
  readonly version: bigint;
  readonly createTime: Date;
  readonly publishTime: Date | null;
  readonly variants: readonly Variant[];
}

/** For what only the seller does. Throws PRODUCT_NOT_FOUND. */
export function ownProduct(sellerId: string, product: Product | undefined): Product {
  if (product?.sellerId !== sellerId) throw fail('PRODUCT_NOT_FOUND');
  return product;
}

/** Buyers see what is on sale or paused, sellers all of their own. Throws PRODUCT_NOT_FOUND. */
export function visibleTo(accountId: string | undefined, product: Product | undefined): Product {
  if (product && (isPublic(product) || product.sellerId === accountId)) return product;
  throw fail('PRODUCT_NOT_FOUND');
}

/** Whether buyers see it, and hear of its changes. */
export const isPublic = ({ state }: Pick<Product, 'state'>): boolean => state === 'ON_SALE' || state === 'PAUSED';

export const etagOf = ({ version }: Pick<Product, 'version'>): string => String(version);

/** Throws when the product cannot be changed any more, or not from what was read. */
export function checkChange(product: Product, etag: string): void {
  checkNotRemoved(product);
  if (etag !== etagOf(product)) throw fail('ETAG_STALE');
}

export function checkNotRemoved({ state }: Product): void {
  if (state === 'REMOVED') throw fail('PRODUCT_REMOVED');
}

/** On sale, for the first time or again. */
export function publish(product: Product, at: Date) {
  checkNotRemoved(product);
  if (product.state === 'ON_SALE') throw fail('PRODUCT_ON_SALE');
  checkForSale(product.variants);
  return { state: 'ON_SALE', publishTime: product.publishTime ?? at } as const;
}

/** What is on sale has something to buy. */
export function checkForSale(variants: readonly Pick<Variant, 'disabled'>[]): void {
  if (variants.every(({ disabled }) => disabled)) throw fail('VARIANT_MISSING');
}

export function pause(product: Product) {
  checkNotRemoved(product);
  if (product.state !== 'ON_SALE') throw fail('PRODUCT_NOT_ON_SALE');
  return { state: 'PAUSED' } as const;
}

export function remove(product: Product) {
  checkNotRemoved(product);
  return { state: 'REMOVED' } as const;
}

/** As buyers look through them: by their option values, in the order of the options. */
export function inOrder({ options, variants }: Pick<Product, 'options' | 'variants'>): Variant[] {
  const places = options.map(({ values }) => new Map(values.map((value, place) => [value, place])));
  const placeOf = ({ optionValues }: Variant, option: number) => places[option]!.get(optionValues[option]!)!;
  return [...variants].sort((a, b) => {
    const option = options.findIndex((_, index) => placeOf(a, index) !== placeOf(b, index));
    return option < 0 ? 0 : placeOf(a, option) - placeOf(b, option);
  });
}
