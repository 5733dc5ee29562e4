// Products with their variants. Locks are taken as in migration 0001_catalogue: variants before their product.
import { newId } from '@moa/kit';
import type { Product, ProductOption, Variant } from '../domain/product.js';
import type { Prisma } from '../generated/client.js';
import type { Queries } from './database.js';

const withVariants = { variants: { orderBy: { position: 'asc' } } } as const;

interface NewProduct {
  readonly sellerId: string;
  readonly title: string;
  readonly description: string;
  readonly category: string;
  readonly imageUrls: string[];
  readonly options: readonly ProductOption[];
  readonly currency: string;
  readonly createTime: Date;
}

interface NewVariant {
  readonly sku: string;
  readonly optionValues: string[];
  readonly priceMinor: bigint;
  readonly compareAtMinor: bigint | null;
}

type Row = Prisma.ProductGetPayload<{ include: typeof withVariants }>;
const productOf = (row: Row): Product => row as unknown as Product;
const jsonOf = (options: readonly ProductOption[]) => options as unknown as Prisma.InputJsonValue;

export async function insertProduct(tx: Queries, { options, ...product }: NewProduct, variants: readonly NewVariant[]): Promise<Product> {
  const row = await tx.product.create({
    data: {
      id: newId(),
      ...product,
      options: jsonOf(options),
      variants: { create: variants.map((variant, position) => ({ id: newId(), position, ...variant })) },
    },
    include: withVariants,
  });
  return productOf(row);
}

async function findProduct(client: Queries, id: string): Promise<Product | undefined> {
  const row = await client.product.findUnique({ where: { id }, include: withVariants });
  return row ? productOf(row) : undefined;
}

/** The same, as one JSON text: for whoever looks at it, in a third of the time. */
export async function readProduct(client: Queries, id: string): Promise<Product | undefined> {
  const [row] = await client.$queryRaw<{ product: string }[]>`
    SELECT row_to_json(read)::text AS product FROM (
      SELECT id, seller_id AS "sellerId", state, title, description, category, image_urls AS "imageUrls", options, currency, version,
             create_time AS "createTime", publish_time AS "publishTime", (SELECT json_agg(of_product) FROM (
               SELECT id, sku, option_values AS "optionValues", price_minor AS "priceMinor", compare_at_minor AS "compareAtMinor", disabled,
                      on_hand AS "onHand", reserved FROM variant WHERE product_id = product.id ORDER BY position) AS of_product) AS variants
        FROM product WHERE id = ${id}::uuid) AS read`;
  if (!row) return undefined;
  const read = JSON.parse(row.product) as ProductText;
  return {
    ...read,
    version: BigInt(read.version),
    createTime: new Date(read.createTime),
    publishTime: read.publishTime === null ? null : new Date(read.publishTime),
    variants: read.variants.map((variant) => ({
      ...variant,
      priceMinor: BigInt(variant.priceMinor),
      compareAtMinor: variant.compareAtMinor === null ? null : BigInt(variant.compareAtMinor),
    })),
  };
}

// Amounts stay below 2^53: a price is 10^12 at most.
interface ProductText extends Omit<Product, 'version' | 'createTime' | 'publishTime' | 'variants'> {
  readonly version: number;
  readonly createTime: string;
  readonly publishTime: string | null;
  readonly variants: readonly (Omit<Variant, 'priceMinor' | 'compareAtMinor'> & {
    readonly priceMinor: number;
    readonly compareAtMinor: number | null;
  })[];
}

/** A product that nobody else changes until the transaction ends; what orders hold of it still moves. */
export async function lockProduct(tx: Queries, id: string): Promise<Product | undefined> {
  await tx.$queryRaw`SELECT FROM product WHERE id = ${id}::uuid FOR NO KEY UPDATE`;
  return findProduct(tx, id);
}

/** The product of a variant, both locked. */
export async function lockProductOfVariant(tx: Queries, variantId: string): Promise<Product | undefined> {
  const [variant] = await tx.$queryRaw<{ productId: string }[]>`
    SELECT product_id AS "productId" FROM variant WHERE id = ${variantId}::uuid FOR NO KEY UPDATE`;
  return variant && lockProduct(tx, variant.productId);
}

type ProductChange = Omit<Prisma.ProductUpdateInput, 'options' | 'version'> & { readonly options?: readonly ProductOption[] };

/** Every change is another version: its etag, that of its event, and what has its row in lists made anew. */
export async function saveProduct(tx: Queries, id: string, { options, ...data }: ProductChange = {}): Promise<Product> {
  const row = await tx.product.update({
    where: { id },
    data: { ...data, ...(options && { options: jsonOf(options) }), version: { increment: 1 } },
    include: withVariants,
  });
  return productOf(row);
}

export async function insertVariant(tx: Queries, productId: string, position: number, variant: NewVariant): Promise<void> {
  await tx.variant.create({ data: { id: newId(), productId, position, ...variant } });
}

type VariantChange = Partial<Pick<Variant, 'sku' | 'priceMinor' | 'compareAtMinor' | 'disabled'>>;

export async function saveVariant(tx: Queries, id: string, data: VariantChange): Promise<void> {
  await tx.variant.update({ where: { id }, data, select: { id: true } });
}

/** Adds sales to the sold_count of their products, a batch at a time; how many there were. */
export async function countSales(client: Queries, batch: number): Promise<number> {
  const [row] = await client.$queryRaw<[{ counted: number }]>`SELECT count_sales(${batch}::integer) AS counted`;
  return row.counted;
}
