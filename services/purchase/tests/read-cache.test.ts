// What many read is read once, and never shown for longer than a second after it has changed.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { GetProductResponse, ProductSort } from '@moa/contracts/purchase/v1/catalog_service';
import { openRedis, readConfig } from '@moa/kit';
import { until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { variables } from '../src/config.js';
import { openReadCache } from '../src/read-cache.js';
import { closeBed, environment, onSale, openCatalogue, sql, stock } from './catalogue-support.js';

const READERS = 200;
const config = readConfig(variables, await environment());
const stops: (() => Promise<void>)[] = [];
const redisAt = (url = config.REDIS_URL) => openRedis(url, { onStop: (close) => void stops.push(async () => close()) });
const redis = redisAt();
await until(() => redis.status === 'ready');

/** A copy of the service, as far as its cache goes, and a store that counts how often it is read. */
const copy = (at = redis) => openReadCache(at, config.REDIS_PREFIX);
function store(first = 'a') {
  const state = { title: first, reads: 0, failing: false, wait: Promise.resolve() };
  const load = async () => {
    state.reads++;
    const { title } = state;
    await state.wait;
    if (state.failing) throw new Error('down');
    return GetProductResponse.fromPartial({ product: { title } });
  };
  return { state, load };
}
const titleOf = async (response: Promise<GetProductResponse>) => (await response).product!.title;
const group = () => `product ${randomUUID()}`;

test('200 readers of a cold key make one read, and another copy makes none', async () => {
  const { state, load } = store();
  const [here, name] = [copy(), group()];
  const titles = await Promise.all(Array.from({ length: READERS }, () => titleOf(here.read(name, '', GetProductResponse, load))));
  assert.equal(new Set(titles), new Set(['a']));
  assert.is(state.reads, 1);
  await until(async () => (await redis.exists(`${config.REDIS_PREFIX}read:{${name}}:`)) === 1);
  assert.is(await titleOf(copy().read(name, '', GetProductResponse, load)), 'a');
  assert.is(state.reads, 1);
});

test('a failure is told to all who wait, and to nobody after them', async () => {
  const { state, load } = store();
  const [here, name] = [copy(), group()];
  state.failing = true;
  const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => here.read(name, '', GetProductResponse, load)));
  assert.ok(outcomes.every(({ status }) => status === 'rejected'));
  state.failing = false;
  assert.is(await titleOf(here.read(name, '', GetProductResponse, load)), 'a');
  assert.is(state.reads, 2);
});

test('what has changed is read anew by another copy, also when an old read ends after the change', async () => {
  const { state, load } = store();
  const [here, name] = [copy(), group()];
  let end = () => {};
  state.wait = new Promise((resolve) => {
    end = resolve;
  });
  const slow = titleOf(here.read(name, '', GetProductResponse, load));
  await until(() => state.reads === 1);
  state.title = 'b';
  await here.forget(name);
  end();
  assert.is(await slow, 'a');
  await until(async () => (await redis.exists(`${config.REDIS_PREFIX}read:{${name}}:`)) === 1);
  assert.is(await titleOf(copy().read(name, '', GetProductResponse, load)), 'b');
});

test('what nobody tells of is shown for less than a second', async () => {
  const { state, load } = store();
  const [copies, name] = [[copy(), copy()], group()];
  for (const each of copies) await each.read(name, '', GetProductResponse, load);
  state.title = 'b';
  const changedMs = performance.now();
  for (const each of copies) await until(async () => (await titleOf(each.read(name, '', GetProductResponse, load))) === 'b');
  assert.ok(performance.now() - changedMs < 1_000);
});

test('without Redis readers at once still share one read', async () => {
  const { state, load } = store();
  const nowhere = redisAt(readConfig(variables, { ...(await environment()), REDIS_URL: 'redis://127.0.0.1:9' }).REDIS_URL);
  const [here, name] = [copy(nowhere), group()];
  await Promise.all(Array.from({ length: READERS }, () => here.read(name, '', GetProductResponse, load)));
  assert.is(state.reads, 1);
  state.title = 'b';
  await here.forget(name);
  await until(async () => (await titleOf(here.read(name, '', GetProductResponse, load))) === 'b');
});

const { catalogue, stop } = await openCatalogue();
const other = await openCatalogue();
stops.push(stop, other.stop);
const LIST = { sort: ProductSort.PRODUCT_SORT_NEWEST, pageSize: 20, pageToken: '' };
const inCategory = (category: string) => ({ ...LIST, filter: { ...ALL, category } });
const ALL = { category: '', sellerId: '', inStockOnly: false, currencyCode: '' };

test('200 buyers who open a list at once wait for one read of its page and its counts', async () => {
  const category = randomUUID();
  await onSale(catalogue, 3, { text: { title: '컵', description: '', category, imageUrls: [] } });
  const holder = await sql.connect();
  await holder.query('BEGIN');
  await holder.query('LOCK TABLE product_listing IN ACCESS EXCLUSIVE MODE');
  const reads = Array.from({ length: READERS }, () => catalogue.listProducts(inCategory(category)));
  const waiting = async () => {
    const { rows } = await sql.query("SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()");
    return rows.length;
  };
  await until(async () => (await waiting()) >= 2);
  // Long enough for more to come, which they must not.
  await sleep(300);
  assert.is(await waiting(), 2);
  await holder.query('COMMIT');
  holder.release();
  for (const { products } of await Promise.all(reads)) assert.is(products.length, 1);
});

test('pieces that orders take, and what is changed behind the back of the service, are seen at each copy within a second', async () => {
  const category = randomUUID();
  const { id, variantId } = await onSale(catalogue, 3, { text: { title: '컵', description: '', category, imageUrls: [] } });
  const copies = [catalogue, other.catalogue];
  for (const each of copies) {
    assert.is((await each.getProduct({ id })).product!.variants[0]!.available, 3);
    assert.is((await each.listProducts(inCategory(category))).facets!.inStockCount, 1);
  }
  await sql.query('UPDATE variant SET reserved = 2 WHERE id = $1', [variantId]);
  await sql.query('UPDATE product_listing SET in_stock = false WHERE product_id = $1', [id]);
  await sleep(1_000);
  for (const each of copies) {
    assert.is((await each.getProduct({ id })).product!.variants[0]!.available, 1);
    const list = await each.listProducts(inCategory(category));
    assert.equal([list.facets!.inStockCount, list.products[0]!.inStock], [0, false]);
  }
});

test("a product's events make what was read of it, and of lists, stale", async () => {
  const { id, seller, variantId } = await onSale(catalogue, 1);
  const changeOf = (name: string) => redis.get(`${config.REDIS_PREFIX}change:{${name}}`);
  for (const change of [
    () => stock(catalogue, seller, variantId, 2),
    () => catalogue.pauseProduct({ requestId: randomUUID(), id }, seller),
    () => catalogue.publishProduct({ requestId: randomUUID(), id }, seller),
  ]) {
    const before = [await changeOf(`product ${id}`), await changeOf('lists')];
    await change();
    await until(async () => {
      const after = [await changeOf(`product ${id}`), await changeOf('lists')];
      return after.every((name, index) => name !== null && name !== before[index]);
    });
  }
});

test('its seller sees a change at once', async () => {
  const { id, seller, product } = await onSale(catalogue, 1);
  await other.catalogue.getProduct({ id }, seller);
  const change = { title: '새 이름', description: '', category: '', imageUrls: [] };
  await catalogue.updateProduct({ id, product: change, updateMask: ['title'], etag: product.etag }, seller);
  assert.is((await other.catalogue.getProduct({ id }, seller)).product!.title, '새 이름');
});

test('the catalogue goes on without Redis', async () => {
  const { catalogue: alone, stop: stopAlone } = await openCatalogue({ REDIS_URL: 'redis://127.0.0.1:9' });
  stops.push(stopAlone);
  const category = randomUUID();
  const { id, seller, variantId } = await onSale(alone, 1, { text: { title: '외딴 잔', description: '', category, imageUrls: [] } });
  assert.is((await alone.getProduct({ id })).product!.variants[0]!.available, 1);
  await stock(alone, seller, variantId, 7);
  await until(async () => (await alone.getProduct({ id })).product!.variants[0]!.available === 7, 1_000);
  assert.is((await alone.listProducts(inCategory(category))).products.length, 1);
  assert.is((await alone.searchProducts({ ...inCategory(category), query: '딴 잔' })).products.length, 1);
});

test.after(() => closeBed(...stops));
test.run();
