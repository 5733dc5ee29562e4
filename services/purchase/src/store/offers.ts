import type { Offer } from '../domain/cart.js';
import type { Queries } from './database.js';

/** Variants as they are for sale now; one whose product was taken out for good, or is a draft, is not there. */
export async function findOffers(client: Queries, variantIds: readonly string[]): Promise<Map<string, Offer>> {
  if (variantIds.length === 0) return new Map();
  const rows = await client.$queryRaw<Offer[]>`
    SELECT v.id AS "variantId", p.id AS "productId", p.seller_id AS "sellerId", p.title, v.option_values AS "optionValues",
      coalesce(p.image_urls[1], '') AS "imageUrl", p.currency, v.price_minor AS "priceMinor", v.on_hand - v.reserved AS available,
      p.state = 'ON_SALE' AND NOT v.disabled AS "onSale"
    FROM variant v JOIN product p ON p.id = v.product_id
    WHERE v.id = ANY (${[...variantIds]}::uuid[]) AND p.state IN ('ON_SALE', 'PAUSED')`;
  return new Map(rows.map((row) => [row.variantId, row]));
}
