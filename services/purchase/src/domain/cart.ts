// What somebody thinks of buying, looked at against what there is.
/** What is kept: so many of a variant, and what it cost when its owner last saw it. */
export interface KeptItem {
  readonly variantId: string;
  readonly quantity: number;
  /** Null: never seen. */
  readonly seenPriceMinor: bigint | null;
  /** Milliseconds; items are shown in the order in which they were put in. */
  readonly addTimeMs: number;
}

/** A variant as it is for sale now. */
export interface Offer {
  readonly variantId: string;
  readonly productId: string;
  readonly sellerId: string;
  readonly title: string;
  readonly optionValues: readonly string[];
  readonly imageUrl: string;
  readonly currency: string;
  readonly priceMinor: bigint;
  readonly available: number;
  readonly onSale: boolean;
}

export type Change = 'PRICE' | 'STOCK' | 'SOLD_OUT' | 'NOT_ON_SALE';

export interface CartItem extends Offer {
  readonly quantity: number;
  readonly amountMinor: bigint;
  readonly changes: readonly Change[];
  readonly seenPriceMinor: bigint | null;
  /** Not in the total, and refused at checkout. */
  readonly unavailable: boolean;
}

export interface Cart {
  readonly items: readonly CartItem[];
  /** Undefined when nothing can be bought. Of the first currency, which is the only one at checkout. */
  readonly total: { readonly currency: string; readonly amountMinor: bigint } | undefined;
}

/** Different variants in a cart. */
export const MOST_ITEMS = 50;

/** What was kept, as it is now. What is gone altogether is left out. */
export function lookAt(kept: readonly KeptItem[], offers: ReadonlyMap<string, Offer>): Cart {
  const items = kept
    .toSorted((one, other) => one.addTimeMs - other.addTimeMs || (one.variantId < other.variantId ? -1 : 1))
    .flatMap(({ variantId, quantity, seenPriceMinor }) => {
      const offer = offers.get(variantId);
      return offer ? [itemOf(offer, quantity, seenPriceMinor)] : [];
    });
  const good = items.filter(({ unavailable }) => !unavailable);
  const currency = good[0]?.currency;
  if (currency === undefined) return { items, total: undefined };
  const amounts = good.filter((item) => item.currency === currency).map(({ amountMinor }) => amountMinor);
  return { items, total: { currency, amountMinor: amounts.reduce((sum, amount) => sum + amount, 0n) } };
}

function itemOf(offer: Offer, quantity: number, seenPriceMinor: bigint | null): CartItem {
  const changes: Change[] = [];
  if (seenPriceMinor !== null && seenPriceMinor !== offer.priceMinor) changes.push('PRICE');
  if (!offer.onSale) changes.push('NOT_ON_SALE');
  else if (offer.available <= 0) changes.push('SOLD_OUT');
  else if (offer.available < quantity) changes.push('STOCK');
  return {
    ...offer,
    quantity,
    amountMinor: offer.priceMinor * BigInt(quantity),
    changes,
    seenPriceMinor,
    unavailable: !offer.onSale || offer.available < quantity,
  };
}
