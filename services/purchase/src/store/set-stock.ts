// What a seller says of the stock: one SQL function of prisma/migrations/0003_catalogue_lists, in one round trip.
import { type Call, sqlCall, write } from '@moa/kit';
import type { Variant } from '../domain/product.js';
import { fail } from '../errors.js';
import { Prisma } from '../generated/client.js';
import type { PurchaseDatabase } from './database.js';

/** All pieces on the shelf, or how many have come or gone. */
type StockChange = { readonly $case: 'onHand'; readonly value: number } | { readonly $case: 'delta'; readonly value: bigint };

export async function setStock(
  db: PurchaseDatabase,
  call: Call,
  variantId: string,
  { $case, value }: StockChange,
): Promise<{ variant: Variant; currency: string }> {
  const [onHand, delta] = $case === 'onHand' ? [value, null] : [null, Number(value)];
  const [row] = await write<{ answer: StockAnswer }>(
    db,
    fail,
    Prisma.sql`SELECT set_stock(${sqlCall(call)}::jsonb, ${variantId}::uuid, ${onHand}::integer, ${delta}::integer) AS answer`,
  );
  return answerOf(row!.answer);
}

// What set_stock makes. Amounts stay below 2^53: a price is 10^12 at most.
interface StockAnswer {
  readonly id: string;
  readonly sku: string;
  readonly option_values: string[];
  readonly price_minor: number;
  readonly compare_at_minor: number | null;
  readonly disabled: boolean;
  readonly on_hand: number;
  readonly reserved: number;
  readonly currency: string;
}

const answerOf = ({ currency, ...answer }: StockAnswer) => ({
  variant: {
    id: answer.id,
    sku: answer.sku,
    optionValues: answer.option_values,
    priceMinor: BigInt(answer.price_minor),
    compareAtMinor: answer.compare_at_minor === null ? null : BigInt(answer.compare_at_minor),
    disabled: answer.disabled,
    onHand: answer.on_hand,
    reserved: answer.reserved,
  },
  currency,
});
