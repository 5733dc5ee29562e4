// One person, one real browser: what a storefront does, over gRPC-Web through Envoy.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { until } from '@moa/testkit';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { findChromium } from '../src/browser.js';
import { GOOD_CARD, openHouse } from './house.js';

const PAGE = fileURLToPath(new URL('../../page/', import.meta.url));

const { outputFiles } = await build({
  entryPoints: [`${PAGE}page.ts`],
  bundle: true,
  format: 'esm',
  platform: 'browser',
  minify: true,
  write: false,
});
const pages = createServer((request, response) => {
  const isScript = request.url?.startsWith('/page.js');
  response.writeHead(200, { 'content-type': isScript ? 'text/javascript' : 'text/html; charset=utf-8' });
  response.end(isScript ? outputFiles[0]!.contents : readFileSync(`${PAGE}index.html`));
}).listen(0, '127.0.0.1');
await once(pages, 'listening');
const origin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;

const house = await openHouse({ allowedOrigins: [origin] });
const { projectId } = await house.liveProject(await house.seller(), { stock: 10, priceMinor: 30_000n, goalMinor: 100_000n });
const browser = await chromium.launch({
  executablePath: findChromium(),
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
});
const page = await browser.newPage();
const problems: string[] = [];
page.on('pageerror', (error) => problems.push(error.message));
await page.goto(`${origin}/?moa=${encodeURIComponent(house.stack.publicUrl)}&project=${projectId}`);

const text = (id: string) => page.locator(`#${id}`).textContent();
const shows = (id: string, pattern: RegExp) =>
  page.waitForFunction(([name, source]) => new RegExp(source!).test(document.getElementById(name!)!.textContent ?? ''), [
    id,
    pattern.source,
  ] as const);

test('a visitor sees the project and how far it has come', async () => {
  await shows('progress', /0%/);
  assert.is(await text('title'), '다시 쓰는 종이');
  await shows('live', /^0원 · 0%$/);
});

test('a person signs up, and the page knows who it is', async () => {
  const email = `${randomUUID()}@moa.example`;
  await page.fill('#email', email);
  await page.fill('#password', 'correct horse battery');
  await page.fill('#card', GOOD_CARD);
  await page.click('#sign-up');
  await shows('who', /@/);
  assert.is(await text('who'), email);
});

test('a wrong quantity shows the field at fault, read from the details of the status', async () => {
  await page.fill('#quantity', '0');
  await page.click('#back');
  await shows('problem', /quantity/);
  assert.match((await text('problem')) ?? '', /lines\[0\]\.quantity: .*1/);
});

test('a pledge is placed, and the progress moves', async () => {
  await page.fill('#quantity', '2');
  // The card is heard of by event: until then funding says so, and a person tries again.
  for (;;) {
    await page.click('#back');
    await page.waitForFunction(
      () => document.getElementById('pledge')!.textContent !== '' || document.getElementById('problem')!.textContent !== '',
    );
    if (await text('pledge')) break;
  }
  assert.is(await text('pledge'), '60,000원');
  await shows('progress', /60%/);
  assert.match((await text('progress')) ?? '', /60,000원 · 60% · 1명/);
  assert.match((await text('reward')) ?? '', /8 left/);
});

test('the progress moves by itself when somebody else pledges', async () => {
  await shows('live', /60%/);
  const somebody = await house.person();
  const billingMethodId = await house.card(somebody);
  const lines = [{ rewardId: (await somebody.projects.getProject({ id: projectId })).project!.rewards[0]!.id, quantity: 1 }];
  await until(() => somebody.pledges.createPledge({ projectId, lines, billingMethodId }));
  await shows('live', /^90,000원 · 90%$/);
});

test('too many for the stock are told in words that a person can read', async () => {
  await page.fill('#quantity', '99');
  await page.click('#back');
  await shows('problem', /[가-힣]/);
});

test('the page ran without an error of its own', () => assert.equal(problems, []));

test.after(async () => {
  if (process.env['MOA_SCREENSHOT']) await page.screenshot({ path: process.env['MOA_SCREENSHOT'] });
  await browser.close();
  pages.close();
  await house.close();
});
test.run();
