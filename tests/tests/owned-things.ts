// Things of people, for others to try.
import type { Moa } from '@moa/client/node';

/** One product that is on sale, and one that only its seller sees. */
export async function goods(of: Moa) {
  const price = { currencyCode: 'KRW', amountMinor: 10_000n };
  const text = { title: '머그컵', description: '', category: 'home', imageUrls: [] };
  const made = async () => (await of.products.createProduct({ text, options: [], variants: [{ price }] })).product!;
  const [product, hidden] = [await made(), await made()];
  const onSale = { productId: product.id, variantId: product.variants[0]!.id };
  await of.products.setStock({ variantId: onSale.variantId, change: { $case: 'onHand', value: 10 } });
  await of.products.publishProduct({ id: product.id });
  return { ...onSale, draftProductId: hidden.id };
}

export async function draft(moa: Moa): Promise<string> {
  const now = Date.now();
  const { project } = await moa.projects.createProject({
    project: {
      title: '초안',
      category: '출판',
      kind: 1,
      goal: { currencyCode: 'KRW', amountMinor: 1n },
      startTime: new Date(now + 60_000),
      closeTime: new Date(now + 86_400_000),
    },
    rewards: [],
  });
  return project!.id;
}
