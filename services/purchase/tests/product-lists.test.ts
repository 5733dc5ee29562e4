// What is on sale, listed, filtered, counted and searched.
import { randomUUID } from 'node:crypto';
import { type ListProductsRequest, ProductSort } from '@moa/contracts/purchase/v1/catalog_service';
import { Product_State } from '@moa/contracts/purchase/v1/product';
import { until, violationsOf } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bandsOf, facetsOf, type ProductFilter } from '../src/domain/product-list.js';
import { countKinds } from '../src/store/product-kinds.js';
import { bed, closeBed, draft, onSale, openCatalogue, openStore, refusal, sql, stock, variantOf, won } from './catalogue-support.js';

const { catalogue, stop } = await openCatalogue();
const { db, stop: stopStore } = await openStore();

const { PRODUCT_SORT_NEWEST, PRODUCT_SORT_PRICE_LOW, PRODUCT_SORT_PRICE_HIGH, PRODUCT_SORT_POPULAR } = ProductSort;
const FILTER = { category: '', sellerId: '', inStockOnly: false, currencyCode: '' };
const LIST = { filter: FILTER, sort: PRODUCT_SORT_NEWEST, pageSize: 100, pageToken: '' };
const textOf = (title: string, category: string) => ({ title, description: '', category, imageUrls: [] });
const newCategory = () => randomUUID().slice(0, 8);

const titled = (title: string, category = newCategory()) => onSale(catalogue, 0, { text: textOf(title, category) });
const found = async (query: string, category = '') =>
  (await catalogue.searchProducts({ ...LIST, query, filter: { ...FILTER, category } })).products.map(({ id }) => id);

/** Every page of a list. */
async function walk(request: Partial<ListProductsRequest>): Promise<string[]> {
  const ids: string[] = [];
  for (let pageToken = ''; ; ) {
    const page = await catalogue.listProducts({ ...LIST, ...request, pageToken });
    assert.is(page.facets !== undefined, pageToken === '', 'facets come with the first page');
    ids.push(...page.products.map(({ id }) => id));
    if (page.nextPageToken === '') return ids;
    pageToken = page.nextPageToken;
  }
}

test('a product is listed as it is: by its cheapest variant that is for sale', async () => {
  const category = newCategory();
  const options = [{ name: '크기', values: ['작은', '큰', '아주 큰'] }];
  const variants = [
    variantOf({ optionValues: ['작은'], price: won(8_000n) }),
    variantOf({ optionValues: ['큰'], price: won(9_000n), compareAtPrice: won(12_000n) }),
    variantOf({ optionValues: ['아주 큰'], price: won(15_000n) }),
  ];
  const text = { ...textOf('컵', category), imageUrls: ['https://img.example/1.jpg', 'https://img.example/2.jpg'] };
  const { id, seller, sellerId, product, variantIds } = await onSale(catalogue, 0, { text, options, variants });
  const shown = async () => (await catalogue.listProducts({ ...LIST, filter: { ...FILTER, category } })).products[0];
  const first = await shown();
  assert.equal(
    [first!.id, first!.sellerId, first!.title, first!.imageUrl, first!.price, first!.priceFrom, first!.inStock, first!.soldCount],
    [id, sellerId, '컵', 'https://img.example/1.jpg', won(8_000n), true, false, 0n],
  );
  const change = { sku: '', price: undefined, compareAtPrice: undefined, disabled: true };
  await catalogue.updateVariant({ id: variantIds[0]!, variant: change, updateMask: ['disabled'], etag: product.etag }, seller);
  await until(async () => (await shown())!.price!.amountMinor === 9_000n);
  assert.equal((await shown())!.compareAtPrice, won(12_000n));
  // What is not for sale is not in stock.
  await stock(catalogue, seller, variantIds[0]!, 5);
  await stock(catalogue, seller, variantIds[2]!, 1);
  await until(async () => (await shown())!.inStock);
  await stock(catalogue, seller, variantIds[2]!, 0);
  await until(async () => !(await shown())!.inStock);
  await catalogue.pauseProduct({ requestId: randomUUID(), id }, seller);
  await until(async () => (await shown()) === undefined);
});

test('each order shows each product once, page by page, while others come in', async () => {
  const category = newCategory();
  const made: { id: string; price: number; sold: number }[] = [];
  const add = async (n: number) => {
    const [price, sold] = [1_000 + (n % 3) * 500, n % 4];
    const { id } = await onSale(catalogue, 0, { text: textOf(`컵 ${n}`, category), variants: [variantOf({ price: won(BigInt(price)) })] });
    await sql.query('UPDATE product SET sold_count = $2 WHERE id = $1', [id, sold]);
    return { id, price, sold };
  };
  for (let n = 0; n < 11; n++) made.push(await add(n));
  const by = (compare: (a: (typeof made)[number], b: (typeof made)[number]) => number) =>
    [...made].sort((a, b) => compare(a, b) || (a.id < b.id ? -1 : 1)).map(({ id }) => id);
  for (const [sort, expected] of [
    [PRODUCT_SORT_NEWEST, by(() => 0).reverse()],
    [PRODUCT_SORT_PRICE_LOW, by((a, b) => a.price - b.price)],
    [PRODUCT_SORT_PRICE_HIGH, by((a, b) => a.price - b.price).reverse()],
    [PRODUCT_SORT_POPULAR, by((a, b) => a.sold - b.sold).reverse()],
  ] as const) {
    assert.equal(await walk({ filter: { ...FILTER, category }, sort, pageSize: 3 }), expected, `${sort}`);
  }
  const list = { ...LIST, filter: { ...FILTER, category }, pageSize: 3 };
  const { nextPageToken, products } = await catalogue.listProducts(list);
  await add(100);
  const second = await catalogue.listProducts({ ...list, pageToken: nextPageToken });
  assert.equal(
    [...products, ...second.products].map(({ id }) => id),
    by(() => 0)
      .reverse()
      .slice(0, 6),
  );
});

test('a token is good for its own list only', async () => {
  const category = newCategory();
  for (let n = 0; n < 2; n++) await titled('나무 상자', category);
  const list = { ...LIST, filter: { ...FILTER, category }, pageSize: 1 };
  const { nextPageToken: pageToken } = await catalogue.listProducts(list);
  for (const other of [
    { ...list, pageToken, sort: PRODUCT_SORT_PRICE_LOW },
    { ...list, pageToken, filter: { ...FILTER, category, inStockOnly: true } },
    { ...list, pageToken, filter: { ...FILTER, category, priceFromMinor: 1n } },
    { ...list, pageToken: 'x' },
  ])
    assert.is(await refusal(catalogue.listProducts(other)), 'PAGE_TOKEN_INVALID');
  assert.is(await refusal(catalogue.searchProducts({ ...list, pageToken, query: '나무' })), 'PAGE_TOKEN_INVALID');
  const search = await catalogue.searchProducts({ ...list, query: '나무' });
  assert.is(await refusal(catalogue.searchProducts({ ...list, pageToken: search.nextPageToken, query: '상자' })), 'PAGE_TOKEN_INVALID');
});

test('filters hold all at once', async () => {
  const category = newCategory();
  const euros = (amountMinor: bigint) => [variantOf({ price: { currencyCode: 'EUR', amountMinor } })];
  const cheap = await onSale(catalogue, 1, { text: textOf('가', category), variants: [variantOf({ price: won(1_000n) })] });
  const dear = await onSale(catalogue, 0, { text: textOf('나', category), variants: [variantOf({ price: won(2_000n) })] });
  const foreign = await onSale(catalogue, 1, { text: textOf('다', category), variants: euros(500n) });
  await draft(catalogue, { text: textOf('라', category) });
  const listed = async (filter: object) => new Set(await walk({ filter: { ...FILTER, category, ...filter } }));
  assert.equal(await listed({}), new Set([cheap.id, dear.id]));
  assert.equal(await listed({ currencyCode: 'EUR' }), new Set([foreign.id]));
  assert.equal(await listed({ inStockOnly: true }), new Set([cheap.id]));
  assert.equal(await listed({ sellerId: dear.sellerId }), new Set([dear.id]));
  assert.equal(await listed({ priceFromMinor: 1_001n }), new Set([dear.id]));
  assert.equal(await listed({ priceFromMinor: 1_000n, priceToMinor: 1_999n }), new Set([cheap.id]));
  assert.equal(await listed({ priceToMinor: 2_000n, inStockOnly: true, sellerId: dear.sellerId }), new Set());
});

test('counts agree with what is there, whatever is filtered', async () => {
  const categories = [newCategory(), newCategory(), newCategory()];
  const sellers = [randomUUID(), randomUUID()];
  // A currency of its own: nothing else is counted.
  const currency = 'CHF';
  await sql.query(
    `INSERT INTO product (id, seller_id, state, title, description, category, currency, create_time, publish_time)
       SELECT gen_random_uuid(), ($2::uuid[])[1 + n % 2], 'DRAFT', '세는 것 ' || n, '', ($1::text[])[1 + n % 3], $3, now(), now() FROM generate_series(1, 90) AS n`,
    [categories, sellers, currency],
  );
  await sql.query(
    `INSERT INTO variant (id, product_id, position, price_minor, on_hand)
       SELECT gen_random_uuid(), id, 0, 100 + 700 * substr(title, 6)::integer % 40000, (substr(title, 6)::integer % 4 = 0)::integer FROM product WHERE currency = $1`,
    [currency],
  );
  await sql.query("UPDATE product SET state = 'ON_SALE', version = version + 1 WHERE currency = $1", [currency]);
  const { rows } = await sql.query<{ seller_id: string; category: string; title: string; price: number; in_stock: boolean }>(
    'SELECT seller_id, category, title, price_minor::integer AS price, in_stock FROM product_listing WHERE currency = $1',
    [currency],
  );
  assert.is(rows.length, 90);
  const all: ProductFilter = {
    currency,
    category: '',
    sellerId: '',
    priceFromMinor: undefined,
    priceToMinor: undefined,
    inStockOnly: false,
    words: [],
  };
  for (const category of ['', categories[0]!])
    for (const sellerId of ['', sellers[0]!])
      for (const words of [[], ['는 것', '1']])
        for (const inStockOnly of [false, true])
          for (const [from, to] of [
            [undefined, undefined],
            [2_000n, 11_000n],
          ] as const) {
            const filter = { ...all, category, sellerId, words, inStockOnly, priceFromMinor: from, priceToMinor: to };
            const fits = (row: (typeof rows)[number], but?: 'category' | 'price') =>
              (but === 'category' || category === '' || row.category === category) &&
              (sellerId === '' || row.seller_id === sellerId) &&
              (but === 'price' || from === undefined || (row.price >= from && row.price <= to)) &&
              (!inStockOnly || row.in_stock) &&
              words.every((word) => row.title.includes(word));
            const count = (holds: (row: (typeof rows)[number]) => boolean) => rows.filter(holds).length;
            const facets = facetsOf(await countKinds(db.client, filter), filter);
            assert.is(
              facets.totalCount,
              count((row) => fits(row)),
            );
            assert.is(
              facets.inStockCount,
              count((row) => fits(row) && row.in_stock),
            );
            assert.equal(
              new Map(facets.categories.map((one) => [one.category, one.count])),
              new Map(
                categories
                  .map((one) => [one, count((row) => fits(row, 'category') && row.category === one)] as const)
                  .filter(([, n]) => n > 0)
                  .sort(),
              ),
            );
            assert.equal(
              facets.categories.map((one) => one.count),
              facets.categories.map((one) => one.count).sort((a, b) => b - a),
            );
            assert.equal(
              facets.bands,
              bandsOf(currency).map(({ fromMinor, toMinor }) => ({
                fromMinor,
                toMinor,
                count: count((row) => fits(row, 'price') && row.price >= fromMinor && (toMinor === 0n || row.price < toMinor)),
              })),
            );
          }
});

for (const [title, queries, others] of [
  ['달빛을 담은 조명', ['달', '빛', '달빛', '빛을', '담은 조', '조명 달빛', '  조명 '], ['달빛 그릇', '조명을', '명조']],
  ['모아 BOOK Light 2', ['book', 'Book', 'LIGHT', 'k l', '2 모아', ' light 2'], ['booklight', 'lite']],
  ['100% 면_셔츠 \\ 특별판', ['100%', '%', '면_셔', '_', '\\', '% 면'], ['100_', '면%셔츠', '면셔', "'"]],
  ['Été à la Plage', ['été', 'ÉTÉ', 'À LA'], ['ete']],
  ["Nina's 'mug' \"s\"", ["nina's", `'MUG' "`], ['ninas']],
] as const) {
  test(`"${title}" is found by parts of its words, and by nothing else`, async () => {
    const { id } = await titled(title);
    for (const query of queries) assert.ok((await found(query)).includes(id), query);
    for (const other of others) assert.not.ok((await found(other)).includes(id), other);
  });
}

test('it makes no difference how a letter was typed', async () => {
  const ids = [await titled('한글 서체'.normalize('NFD')), await titled('한글 서체'.normalize('NFC'))].map(({ id }) => id);
  for (const query of ['한글', '글', '서체 한글'])
    for (const form of ['NFC', 'NFD'])
      for (const id of ids) assert.ok((await found(query.normalize(form))).includes(id), `${query} ${form}`);
});

test('a search has a word, and no more than a title', async () => {
  const search = (query: string) => catalogue.searchProducts({ ...LIST, query }).catch((error) => violationsOf(error));
  assert.equal(await search('   '), [{ field: 'query', description: 'must have a word' }]);
  assert.equal(((await search('가'.repeat(101))) as { field: string }[])[0]!.field, 'query');
});

test('what was renamed is found by its new name, and what is not on sale by nobody', async () => {
  const category = newCategory();
  const { id, seller, product } = await titled('옛날 이름', category);
  const change = { title: '새로운 호칭', description: '', category: '', imageUrls: [] };
  await catalogue.updateProduct({ id, product: change, updateMask: ['title'], etag: product.etag }, seller);
  assert.equal(await found('호칭', category), [id]);
  assert.equal(await found('이름', category), []);
  await catalogue.removeProduct({ requestId: randomUUID(), id }, seller);
  assert.equal(await found('로운 호', category), []);
});

test('a seller lists the own, newest first, in one state or all but removed', async () => {
  const seller = await bed.as(randomUUID(), 'SELLER');
  const ids: string[] = [];
  for (let n = 0; n < 5; n++) {
    const request = { requestId: randomUUID(), text: textOf(`컵 ${n}`, 'home'), options: [], variants: [variantOf()] };
    ids.unshift((await catalogue.createProduct(request, seller)).product!.id);
  }
  const step = (id: string) => ({ requestId: randomUUID(), id });
  await catalogue.publishProduct(step(ids[1]!), seller);
  await catalogue.removeProduct(step(ids[2]!), seller);
  const own = async (state: Product_State) => {
    const shown: string[] = [];
    for (let pageToken = ''; ; ) {
      const page = await catalogue.listMyProducts({ state, pageSize: 2, pageToken }, seller);
      shown.push(...page.products.map(({ id }) => id));
      if (page.nextPageToken === '') return shown.map((id) => ids.indexOf(id));
      pageToken = page.nextPageToken;
    }
  };
  assert.equal(await own(Product_State.STATE_UNSPECIFIED), [0, 1, 3, 4]);
  assert.equal(await own(Product_State.STATE_DRAFT), [0, 3, 4]);
  assert.equal(await own(Product_State.STATE_ON_SALE), [1]);
  assert.equal(await own(Product_State.STATE_REMOVED), [2]);
});

test.after(() => closeBed(stop, stopStore));
test.run();
