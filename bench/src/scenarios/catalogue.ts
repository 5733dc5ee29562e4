import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import type { MessageType } from '@moa/contracts/method';
import {
  GetProductRequest,
  ListProductsRequest,
  ListProductsResponse,
  ProductSort,
  SearchProductsRequest,
} from '@moa/contracts/purchase/v1/catalog_service';
import { openTestbed } from '@moa/testkit';
import { grpcCaller } from '../caller.js';
import { alternate, arrivals, quantile, type Side, startServer } from '../measure.js';
import { CATEGORIES, PRODUCTS, productIds, purchaseEnvironment, SEARCHES, seedProducts } from '../products.js';
import type { Figures, Ratio, Scenario } from '../scenario.js';

const CALLERS = 16;
const GOAL = '>= 0.4';
const P99_GOAL_MS = '<= 50';
const PER_SECOND = 100;
const STEADY_MS = 10_000;
const PAGE = 20;
const LATE_PAGE = 1_000;
const DETAILS = 5_000;
const SERVICE = '/moa.purchase.v1.CatalogService';
const FILTER = { category: '', sellerId: '', inStockOnly: false, currencyCode: '' };
const LIST: ListProductsRequest = { filter: FILTER, sort: ProductSort.PRODUCT_SORT_NEWEST, pageSize: PAGE, pageToken: '' };

/**
 * What a buyer does, of whoever is measured. A peer (Vendure, Medusa) is one more of these: a server of its own in bench/peers, seeded with
 * the rows of products.ts, measured against ours as the ceiling is.
 */
interface Shop {
  readonly name: string;
  readonly pid: number;
  /** The page that everybody opens first. */
  readonly frontPage: () => Promise<unknown>;
  /** Pages of which no two callers ask for the same within a second. */
  readonly anyPage: () => Promise<unknown>;
  readonly search: () => Promise<unknown>;
  readonly detail: () => Promise<unknown>;
}

const WHAT = {
  frontPage: 'the first page, all the same',
  anyPage: 'pages, each another',
  search: 'searches',
  detail: 'products',
} as const;

export const catalogue: Scenario = {
  name: 'catalogue',
  number: 4,
  title: `lists of 20, searches and products among ${PRODUCTS.toLocaleString('en')}, against node:http + pg with the same queries`,
  goals: [`${GOAL} of the ceiling's calls per CPU second`, `${P99_GOAL_MS} ms p99 of a product list`],
  async run(log) {
    const bed = await openTestbed('bench-catalogue');
    const databaseUrl = await bed.databaseUrl('purchase');
    log('making products ...');
    await seedProducts(databaseUrl);
    const [ours, ceiling] = await Promise.all([
      startServer('servers/purchase.js', await purchaseEnvironment(bed)),
      startServer('servers/shop-ceiling.js', { DATABASE_URL: databaseUrl }),
    ]);
    const agent = new Agent({ keepAlive: true, maxSockets: CALLERS });
    const moa = await openMoa(ours.address, bed.certificates('envoy'), await bed.token(randomUUID()));
    try {
      const pages = await moa.pages();
      const ids = await productIds(databaseUrl, DETAILS);
      const [a, b] = [moaShop(moa, ours.pid, pages, ids), ceilingShop(ceiling, agent, pages, ids)];
      const ratios: Ratio[] = [];
      const sides: Figures[] = [];
      for (const step of ['frontPage', 'anyPage', 'search', 'detail'] as const) {
        const sideOf = (shop: Shop): Side => ({ call: shop[step], pid: shop.pid });
        const [mine, most] = await alternate(sideOf(a), sideOf(b), CALLERS);
        ratios.push({ what: `calls per CPU second, ${a.name} / ${b.name}: ${WHAT[step]}`, value: most.cpuUs / mine.cpuUs, goal: GOAL });
        sides.push({ name: `${a.name}: ${WHAT[step]}`, values: { ...mine } }, { name: `${b.name}: ${WHAT[step]}`, values: { ...most } });
      }
      const late = pages[LATE_PAGE - 1]!.token;
      const steady: [string, () => Promise<unknown>][] = [
        ['list, first page of any category', () => moa.list({ ...LIST, filter: { ...FILTER, category: `c${pick(CATEGORIES)}` } })],
        [`list, page ${LATE_PAGE}`, () => moa.list({ ...LIST, pageToken: late })],
        ['list, any page', a.anyPage],
        ['search, first page', a.search],
        [`search, page ${LATE_PAGE}`, await moa.lateSearch(SEARCHES[4]!)],
        ['product', a.detail],
      ];
      for (const [name, call] of steady) {
        const tookMs = await arrivals(call, PER_SECOND, STEADY_MS);
        const values = { p50Ms: quantile(tookMs, 0.5), p99Ms: quantile(tookMs, 0.99) };
        sides.push({ name: `${PER_SECOND} a second: ${name}`, values });
        if (name.startsWith('list')) ratios.push({ what: `p99 in ms, ${name}`, value: values.p99Ms, goal: P99_GOAL_MS });
      }
      return { ratios, sides };
    } finally {
      moa.close();
      agent.destroy();
      await Promise.all([ours.stop(), ceiling.stop()]);
      await bed.close();
    }
  },
};

/** Where a page begins: as our token says, and as the keys in it do. */
interface PageStart {
  readonly token: string;
  readonly keys: readonly string[];
}

async function openMoa(address: string, certificates: string, token: string) {
  let body = Buffer.alloc(0);
  const callerOf = (method: string) => grpcCaller(address, certificates, token, () => body, `${SERVICE}/${method}`);
  const [lists, searches, products] = [callerOf('ListProducts'), callerOf('SearchProducts'), callerOf('GetProduct')];
  // The body is taken synchronously, when the call is made.
  const sending =
    <T>(caller: typeof lists, type: MessageType<T>) =>
    (message: T) => {
      body = Buffer.from(type.encode(message).finish());
      return caller.call();
    };
  const [list, search] = [sending(lists, ListProductsRequest), sending(searches, SearchProductsRequest)];

  /** The starts of all pages after the first. */
  async function walk(next: (pageToken: string) => Promise<Buffer>, most: number): Promise<PageStart[]> {
    const starts: PageStart[] = [];
    for (let token = ''; starts.length < most; ) {
      token = ListProductsResponse.decode(await next(token)).nextPageToken;
      if (token === '') break;
      const [, , ...keys] = JSON.parse(Buffer.from(token, 'base64url').toString()) as string[];
      starts.push({ token, keys });
    }
    return starts;
  }
  return {
    list,
    search,
    product: sending(products, GetProductRequest),
    pages: () => walk((pageToken) => list({ ...LIST, pageToken }), Number.POSITIVE_INFINITY),
    async lateSearch(query: string) {
      const starts = await walk((pageToken) => search({ ...LIST, query, pageToken }), LATE_PAGE - 1);
      return () => search({ ...LIST, query, pageToken: starts.at(-1)!.token });
    },
    close: () => {
      for (const caller of [lists, searches, products]) caller.close();
    },
  };
}

function moaShop(moa: Awaited<ReturnType<typeof openMoa>>, pid: number, pages: readonly PageStart[], ids: readonly string[]): Shop {
  return {
    name: 'purchase',
    pid,
    frontPage: () => moa.list(LIST),
    anyPage: () => moa.list({ ...LIST, pageToken: pages[pick(pages.length)]!.token }),
    search: () => moa.search({ ...LIST, query: SEARCHES[pick(SEARCHES.length)]! }),
    detail: () => moa.product({ id: ids[pick(ids.length)]! }),
  };
}

function ceilingShop(
  { address, pid }: { address: string; pid: number },
  agent: Agent,
  pages: readonly PageStart[],
  ids: readonly string[],
): Shop {
  const ask = (query: string, values: readonly string[] = []) =>
    new Promise<void>((resolve, reject) => {
      const path = `http://${address}/${query}?${values.map((value) => `v=${encodeURIComponent(value)}`).join('&')}`;
      const sent = request(path, { agent }, (response) => {
        response.resume();
        response.on('end', () => (response.statusCode === 200 ? resolve() : reject(new Error(`${query}: ${response.statusCode}`))));
      });
      sent.on('error', reject);
      sent.end();
    });
  return {
    name: 'node:http + pg',
    pid,
    frontPage: () => ask('first'),
    anyPage: () => ask('next', pages[pick(pages.length)]!.keys),
    search: () => {
      const words = SEARCHES[pick(SEARCHES.length)]!.split(' ');
      return ask(`search${words.length}`, words);
    },
    detail: () => ask('detail', [ids[pick(ids.length)]!]),
  };
}

const pick = (count: number): number => Math.floor(Math.random() * count);
