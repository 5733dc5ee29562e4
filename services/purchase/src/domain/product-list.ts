// What products a list is of, and how it is sorted.

export type ProductSort = 'NEWEST' | 'PRICE_LOW' | 'PRICE_HIGH' | 'POPULAR';

/** All that is set must hold. */
export interface ProductFilter {
  readonly currency: string;
  /** Empty: every category. */
  readonly category: string;
  /** Empty: every seller. */
  readonly sellerId: string;
  readonly priceFromMinor: bigint | undefined;
  readonly priceToMinor: bigint | undefined;
  readonly inStockOnly: boolean;
  /** Parts of the title, all of which it has. Empty: every title. */
  readonly words: readonly string[];
}

export const CURRENCY = 'KRW';
/** A title of 100 letters has no more words that say much. */
export const WORDS_AT_MOST = 10;

/** The words of a search; each once. */
export const wordsOf = (query: string): string[] => [...new Set(query.split(/\s+/u).filter(Boolean))].slice(0, WORDS_AT_MOST);

/** Where bands of prices begin, after 0. Other currencies count in hundredths of what is worth some thousand won. */
const BANDS: Readonly<Record<string, readonly bigint[]>> = { KRW: [10_000n, 30_000n, 50_000n, 100_000n, 300_000n] };
const OTHER_BANDS: readonly bigint[] = [1_000n, 3_000n, 5_000n, 10_000n, 30_000n];

export interface Band {
  readonly fromMinor: bigint;
  /** Not included; 0: without an end. */
  readonly toMinor: bigint;
}

/** Where bands of prices begin, but for the first. */
export const startsOf = (currency: string): readonly bigint[] => BANDS[currency] ?? OTHER_BANDS;

export function bandsOf(currency: string): Band[] {
  const starts = [0n, ...startsOf(currency)];
  return starts.map((fromMinor, index) => ({ fromMinor, toMinor: starts[index + 1] ?? 0n }));
}

/** So many products of a category in a band of prices. */
export interface Kind {
  readonly category: string;
  /** The place of the band. */
  readonly band: number;
  readonly inStock: boolean;
  /** Whether the price is filtered in. */
  readonly priced: boolean;
  readonly count: number;
}

/** Nobody tells 10,000 products from more. */
const TOTAL_AT_MOST = 10_000;
const CATEGORIES_AT_MOST = 50;

export interface Facets {
  readonly totalCount: number;
  readonly inStockCount: number;
  readonly categories: readonly { readonly category: string; readonly count: number }[];
  readonly bands: readonly (Band & { readonly count: number })[];
}

/** What is counted of each category whatever the category that is filtered, and of each band whatever the price. */
export function facetsOf(kinds: readonly Kind[], { currency, category }: Pick<ProductFilter, 'currency' | 'category'>): Facets {
  const ofCategory = kinds.filter((kind) => category === '' || kind.category === category);
  const ofBoth = ofCategory.filter(({ priced }) => priced);
  const categories = new Map<string, number>();
  for (const kind of kinds) if (kind.priced) categories.set(kind.category, (categories.get(kind.category) ?? 0) + kind.count);
  return {
    totalCount: Math.min(sum(ofBoth), TOTAL_AT_MOST),
    inStockCount: Math.min(sum(ofBoth.filter(({ inStock }) => inStock)), TOTAL_AT_MOST),
    categories: [...categories]
      .map(([name, count]) => ({ category: name, count }))
      .sort((a, b) => b.count - a.count || (a.category < b.category ? -1 : 1))
      .slice(0, CATEGORIES_AT_MOST),
    bands: bandsOf(currency).map((band, place) => ({ ...band, count: sum(ofCategory.filter((kind) => kind.band === place)) })),
  };
}

const sum = (kinds: readonly Kind[]): number => kinds.reduce((total, { count }) => total + count, 0);
