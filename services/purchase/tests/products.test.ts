// Products as their sellers keep them, and as others see them.
import { randomUUID } from 'node:crypto';
import { Product_State } from '@moa/contracts/purchase/v1/product';
import { ProductChanged, ProductPublished } from '@moa/contracts/purchase/v1/purchase_events';
import { openEvents, until, violationsOf } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bed, closeBed, draft, onSale, openCatalogue, refusal, requestOf, sql, stock, variantOf, won } from './catalogue-support.js';

const { catalogue, stop } = await openCatalogue();
const events = await openEvents(bed);

const COLOURS = { name: '색', values: ['빨강', '파랑'] };
const SIZES = { name: '크기', values: ['작은', '큰'] };
const change = (more = {}) => ({ title: '', description: '', category: '', imageUrls: [], ...more });
const variantChange = (more = {}) => ({ sku: '', price: undefined, compareAtPrice: undefined, disabled: false, ...more });
const request = (id: string) => ({ requestId: randomUUID(), id });

/** The fields at fault. */
async function faults(call: Promise<unknown>): Promise<string[]> {
  const error = await call.then(
    () => new Error('was not refused'),
    (error: unknown) => error,
  );
  return violationsOf(error).map(({ field }) => field);
}

test('a draft is seen by its seller only, and by everybody once it is on sale, with what can be bought', async () => {
  const { id, seller, variantId } = await draft(catalogue);
  assert.is(await refusal(catalogue.getProduct({ id })), 'PRODUCT_NOT_FOUND');
  assert.is(await refusal(catalogue.getProduct({ id }, await bed.as(randomUUID(), 'SELLER'))), 'PRODUCT_NOT_FOUND');
  assert.is((await catalogue.getProduct({ id }, seller)).product!.state, Product_State.STATE_DRAFT);
  await stock(catalogue, seller, variantId, 5);
  await catalogue.publishProduct(request(id), seller);
  const { product } = await catalogue.getProduct({ id });
  assert.is(product!.state, Product_State.STATE_ON_SALE);
  assert.equal(
    product!.variants.map(({ available }) => available),
    [5],
  );
});

test('what was said is what is shown: options, variants in their order, prices, images', async () => {
  const variants = [
    variantOf({ optionValues: ['파랑', '작은'], price: won(12_000n), compareAtPrice: won(15_000n) }),
    variantOf({ optionValues: ['빨강', '큰'], sku: 'R-L' }),
    variantOf({ optionValues: ['빨강', '작은'] }),
  ];
  const imageUrls = ['https://img.example/1.jpg', 'https://img.example/2.jpg'];
  const text = { title: '머그', description: '# 손으로', category: 'home', imageUrls };
  const { product } = await draft(catalogue, { text, options: [COLOURS, SIZES], variants });
  assert.equal([product.title, product.description, product.category, product.imageUrls], Object.values(text));
  assert.equal(product.options, [COLOURS, SIZES]);
  assert.equal(
    product.variants.map(({ optionValues, sku, price, compareAtPrice }) => [optionValues.join(), sku, price, compareAtPrice]),
    [
      ['빨강,작은', '', won(10_000n), undefined],
      ['빨강,큰', 'R-L', won(10_000n), undefined],
      ['파랑,작은', '', won(12_000n), won(15_000n)],
    ],
  );
});

test('each field at fault is named', async () => {
  const seller = await bed.as(randomUUID(), 'SELLER');
  const refused = (more: Parameters<typeof requestOf>[0]) => faults(catalogue.createProduct(requestOf(more), seller));
  const euros = { currencyCode: 'EUR', amountMinor: 500n };
  assert.equal(await refused({ options: [COLOURS], variants: [variantOf()] }), ['variants[0].option_values']);
  assert.equal(await refused({ variants: [variantOf({ optionValues: ['빨강'] })] }), ['variants[0].option_values']);
  assert.equal(await refused({ options: [COLOURS], variants: [variantOf({ optionValues: ['초록'] })] }), ['variants[0].option_values[0]']);
  assert.equal(await refused({ variants: [variantOf(), variantOf()] }), ['variants[1].option_values']);
  assert.equal(await refused({ options: [COLOURS, COLOURS], variants: [variantOf({ optionValues: ['빨강', '파랑'] })] }), [
    'options[1].name',
  ]);
  assert.equal(await refused({ options: [{ name: '색', values: ['빨강', '빨강'] }], variants: [variantOf({ optionValues: ['빨강'] })] }), [
    'options[0].values[1]',
  ]);
  assert.equal(
    await refused({
      options: [COLOURS],
      variants: [variantOf({ optionValues: ['빨강'] }), variantOf({ optionValues: ['파랑'], price: euros })],
    }),
    ['variants[1].price.currency_code'],
  );
  assert.equal(await refused({ variants: [variantOf({ price: won(0n) })] }), ['variants[0].price.amount_minor']);
  assert.equal(await refused({ variants: [variantOf({ compareAtPrice: won(10_000n) })] }), ['variants[0].compare_at_price.amount_minor']);
  assert.equal(await refused({ variants: [variantOf({ compareAtPrice: euros })] }), [
    'variants[0].compare_at_price.currency_code',
    'variants[0].compare_at_price.amount_minor',
  ]);
});

test('a product is made once, however often its request comes', async () => {
  const seller = await bed.as(randomUUID(), 'SELLER');
  const wanted = requestOf();
  const made = await Promise.all(Array.from({ length: 5 }, () => catalogue.createProduct(wanted, seller)));
  assert.is(new Set(made.map(({ product }) => product!.id)).size, 1);
  assert.is((await catalogue.listMyProducts({ state: 0, pageSize: 0, pageToken: '' }, seller)).products.length, 1);
});

test('another seller finds none of it', async () => {
  const { id, variantId, product } = await onSale(catalogue);
  const other = await bed.as(randomUUID(), 'SELLER');
  const requestId = randomUUID();
  const { etag } = product;
  for (const [call, reason] of [
    [() => catalogue.setStock({ requestId, variantId, change: { $case: 'onHand', value: 1 } }, other), 'VARIANT_NOT_FOUND'],
    [() => catalogue.updateVariant({ id: variantId, variant: variantChange(), updateMask: ['sku'], etag }, other), 'VARIANT_NOT_FOUND'],
    [() => catalogue.updateProduct({ id, product: change({ title: '남의 것' }), updateMask: ['title'], etag }, other), 'PRODUCT_NOT_FOUND'],
    [() => catalogue.addVariant({ requestId, productId: id, variant: variantOf() }, other), 'PRODUCT_NOT_FOUND'],
    [() => catalogue.publishProduct(request(id), other), 'PRODUCT_NOT_FOUND'],
    [() => catalogue.pauseProduct(request(id), other), 'PRODUCT_NOT_FOUND'],
    [() => catalogue.removeProduct(request(id), other), 'PRODUCT_NOT_FOUND'],
  ] as const)
    assert.is(await refusal(call()), reason);
  assert.equal((await catalogue.listMyProducts({ state: 0, pageSize: 0, pageToken: '' }, other)).products, []);
});

test('draft, on sale, paused, removed: each step from where it may be taken, and told', async () => {
  const [published, changed] = [await events.listen(ProductPublished), await events.listen(ProductChanged)];
  const { id, seller } = await draft(catalogue);
  assert.is(await refusal(catalogue.pauseProduct(request(id), seller)), 'PRODUCT_NOT_ON_SALE');
  const { product: first } = await catalogue.publishProduct(request(id), seller);
  assert.is(await refusal(catalogue.publishProduct(request(id), seller)), 'PRODUCT_ON_SALE');
  await catalogue.pauseProduct(request(id), seller);
  assert.is((await catalogue.getProduct({ id })).product!.state, Product_State.STATE_PAUSED);
  const { product: again } = await catalogue.publishProduct(request(id), seller);
  assert.equal(again!.publishTime, first!.publishTime);
  await catalogue.removeProduct(request(id), seller);
  for (const step of [catalogue.publishProduct, catalogue.pauseProduct, catalogue.removeProduct])
    assert.is(await refusal(step(request(id), seller)), 'PRODUCT_REMOVED');
  await until(async () => (await refusal(catalogue.getProduct({ id }))) === 'PRODUCT_NOT_FOUND');
  assert.is((await catalogue.getProduct({ id }, seller)).product!.state, Product_State.STATE_REMOVED);
  await until(() => changed.filter(({ productId }) => productId === id).length === 2);
  assert.is(published.filter(({ productId }) => productId === id).length, 2);
});

test('nothing is told of a draft', async () => {
  const changed = await events.listen(ProductChanged);
  const { id, seller, product } = await draft(catalogue);
  await catalogue.updateProduct({ id, product: change({ title: '다른 이름' }), updateMask: ['title'], etag: product.etag }, seller);
  await catalogue.removeProduct(request(id), seller);
  const { rows } = await sql.query('SELECT FROM kit.outbox WHERE key = $1', [id]);
  assert.is(rows.length, 0);
  const last = await onSale(catalogue);
  await catalogue.pauseProduct(request(last.id), last.seller);
  await until(() => changed.some(({ productId }) => productId === last.id));
  assert.not.ok(changed.some(({ productId }) => productId === id));
});

test('a change names what it was read from, and what it changes', async () => {
  const { id, seller, product } = await onSale(catalogue);
  const update = (more: object, updateMask: string[], etag: string) =>
    catalogue.updateProduct({ id, product: change(more), updateMask, etag }, seller);
  const { product: changed } = await update({ title: '새 이름', category: 'art' }, ['title', 'category'], product.etag);
  assert.equal([changed!.title, changed!.category, changed!.description], ['새 이름', 'art', '']);
  assert.is.not(changed!.etag, product.etag);
  assert.is(await refusal(update({ title: '늦은 이름' }, ['title'], product.etag)), 'ETAG_STALE');
  assert.equal(await faults(update({}, ['state'], changed!.etag)), ['update_mask']);
  assert.equal(await faults(update({}, [], changed!.etag)), ['update_mask']);
  assert.equal(await faults(update({ title: '' }, ['title'], changed!.etag)), ['product.title']);
});

test('selling out is a change, too', async () => {
  const { id, seller, product, variantId } = await onSale(catalogue, 1);
  await stock(catalogue, seller, variantId, 0);
  const call = catalogue.updateProduct({ id, product: change({ title: '새 이름' }), updateMask: ['title'], etag: product.etag }, seller);
  assert.is(await refusal(call), 'ETAG_STALE');
});

test('a variant brings new values of its options, and no combination twice', async () => {
  const { id, seller } = await onSale(catalogue, 0, { options: [COLOURS], variants: [variantOf({ optionValues: ['파랑'] })] });
  const add = (variant: object) => catalogue.addVariant({ requestId: randomUUID(), productId: id, variant: variantOf(variant) }, seller);
  const { product } = await add({ optionValues: ['초록'] });
  assert.equal(product!.options, [{ name: '색', values: ['빨강', '파랑', '초록'] }]);
  assert.equal(
    product!.variants.map(({ optionValues }) => optionValues[0]),
    ['파랑', '초록'],
  );
  assert.equal(await faults(add({ optionValues: ['파랑'] })), ['variant.option_values']);
  assert.equal(await faults(add({ optionValues: [] })), ['variant.option_values']);
  assert.equal(await faults(add({ optionValues: ['빨강'], price: { currencyCode: 'USD', amountMinor: 1n } })), [
    'variant.price.currency_code',
  ]);
});

test('two who add the same combination at once: one does', async () => {
  const { id, seller } = await onSale(catalogue, 0, { options: [COLOURS], variants: [variantOf({ optionValues: ['파랑'] })] });
  const add = () =>
    catalogue.addVariant({ requestId: randomUUID(), productId: id, variant: variantOf({ optionValues: ['빨강'] }) }, seller).then(
      () => 'added',
      (error) => violationsOf(error)[0]!.field,
    );
  assert.equal((await Promise.all([add(), add()])).sort(), ['added', 'variant.option_values']);
});

test('a product has 100 variants at most', async () => {
  const values = Array.from({ length: 50 }, (_, n) => `${n}`);
  const options = [{ name: '줄', values }, SIZES];
  const variants = values.flatMap((value) => SIZES.values.map((size) => variantOf({ optionValues: [value, size] })));
  const { id, seller } = await draft(catalogue, { options, variants });
  const call = catalogue.addVariant(
    { requestId: randomUUID(), productId: id, variant: variantOf({ optionValues: ['0', '중간'] }) },
    seller,
  );
  assert.is(await refusal(call), 'VARIANTS_TOO_MANY');
});

test('prices change from what was read only, and never against each other', async () => {
  const { seller, variantId, product } = await onSale(catalogue);
  const update = (more: object, updateMask: string[], etag: string) =>
    catalogue.updateVariant({ id: variantId, variant: variantChange(more), updateMask, etag }, seller);
  const both = ['price', 'compare_at_price'];
  const { product: changed } = await update({ price: won(8_000n), compareAtPrice: won(9_000n) }, both, product.etag);
  assert.equal([changed!.variants[0]!.price, changed!.variants[0]!.compareAtPrice], [won(8_000n), won(9_000n)]);
  assert.is(await refusal(update({ price: won(7_000n) }, ['price'], product.etag)), 'ETAG_STALE');
  const { etag } = changed!;
  assert.equal(await faults(update({ price: won(9_000n) }, ['price'], etag)), ['variant.compare_at_price.amount_minor']);
  assert.equal(await faults(update({}, ['price'], etag)), ['variant.price']);
  assert.equal(await faults(update({ price: { currencyCode: 'USD', amountMinor: 1n }, compareAtPrice: undefined }, both, etag)), [
    'variant.price.currency_code',
  ]);
  const { product: cleared } = await update({}, ['compare_at_price'], etag);
  assert.is(cleared!.variants[0]!.compareAtPrice, undefined);
});

test('what is on sale keeps a variant for sale', async () => {
  const { id, seller, variantId, product } = await onSale(catalogue);
  const disable = (disabled: boolean, etag: string) =>
    catalogue.updateVariant({ id: variantId, variant: variantChange({ disabled }), updateMask: ['disabled'], etag }, seller);
  assert.is(await refusal(disable(true, product.etag)), 'VARIANT_MISSING');
  const { product: paused } = await catalogue.pauseProduct(request(id), seller);
  await disable(true, paused!.etag);
  assert.is(await refusal(catalogue.publishProduct(request(id), seller)), 'VARIANT_MISSING');
});

test('stock is counted or moved, once for each request, and orders keep what they hold', async () => {
  const { seller, variantId } = await onSale(catalogue, 10);
  const set = (change: Parameters<typeof catalogue.setStock>[0]['change'], requestId: string = randomUUID()) =>
    catalogue.setStock({ requestId, variantId, change }, seller);
  const requestId = randomUUID();
  const answers = await Promise.all(Array.from({ length: 3 }, () => set({ $case: 'delta', value: 5n }, requestId)));
  assert.equal(
    answers.map(({ variant }) => variant!.available),
    [15, 15, 15],
  );
  await sql.query('UPDATE variant SET reserved = 4 WHERE id = $1', [variantId]);
  assert.is(await refusal(set({ $case: 'onHand', value: 3 })), 'STOCK_RESERVED');
  assert.is(await refusal(set({ $case: 'delta', value: -12n })), 'STOCK_RESERVED');
  const { variant } = await set({ $case: 'onHand', value: 4 });
  assert.equal([variant!.available, variant!.reserved], [0, 4]);
  assert.is(await refusal(set({ $case: 'delta', value: 999_997n })), 'STOCK_TOO_LARGE');
});

test('what orders hold is shown to the seller only', async () => {
  const { id, seller, variantId } = await onSale(catalogue, 10);
  await sql.query('UPDATE variant SET reserved = 4 WHERE id = $1', [variantId]);
  const seen = async (by?: typeof seller) => {
    const [variant] = (await catalogue.getProduct({ id }, by)).product!.variants;
    return [variant!.available, variant!.reserved];
  };
  assert.equal(await seen(seller), [6, 4]);
  assert.equal(await seen(), [6, 0]);
});

test.after(() => closeBed(events.close, stop));
test.run();
