import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { csv, escaped, type Figures, type Line, moneyText, page, textCell } from '../src/domain/statement.js';

const figures: Figures = {
  id: '0198c2f4-6d1a-7c3e-9b01-000000000001',
  projectId: '0198c2f4-6d1a-7c3e-9b01-000000000002',
  projectTitle: '손으로 빚은 <찻잔> & 접시',
  companyName: '모아"공방\'',
  businessNumber: '1234567890',
  kind: 'EARLY',
  periodStart: undefined,
  periodEnd: undefined,
  currency: 'KRW',
  gross: 60_000n,
  refunds: 10_000n,
  platformFee: 2_500n,
  providerFee: 1_200n,
  couponShare: 0n,
  heldBefore: 0n,
  shortBefore: 0n,
  net: 27_780n,
  heldAfter: 18_520n,
  shortAfter: 0n,
  createTime: new Date('2026-11-26T16:30:00Z'),
};
const line: Line = {
  time: new Date('2026-11-26T15:00:00Z'),
  kind: 'REFUND',
  paymentId: '0198c2f4-6d1a-7c3e-9b01-000000000003',
  pledgeId: '0198c2f4-6d1a-7c3e-9b01-000000000004',
  orderId: '',
  gross: -10_000n,
  platformFee: -500n,
  providerFee: 0n,
  couponShare: 0n,
  net: -9_500n,
};

test('a row of the CSV has every column, amounts as whole numbers, and ends as RFC 4180 says', () => {
  const header = csv.start(figures);
  assert.is(header.charCodeAt(0), 0xfeff);
  assert.ok(header.endsWith('\r\n'));
  const row = csv.line(line, 'KRW');
  assert.is(row, `2026-11-26T15:00:00.000Z,REFUND,${line.paymentId},${line.pledgeId},,KRW,-10000,-500,0,0,-9500\r\n`);
  assert.is(row.split(',').length, header.split(',').length);
});

test('text that would be a formula stays text, and quotes, commas and line ends stay in their cell', () => {
  for (const formula of ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1']) assert.ok(textCell(formula).includes(`'${formula}`));
  assert.is(textCell('a,b'), '"a,b"');
  assert.is(textCell('say "hi"\n'), '"say ""hi""\n"');
  assert.is(textCell('plain'), 'plain');
});

test('nothing of a name is markup on the page', () => {
  assert.is(escaped(`<script>&"'`), '&lt;script&gt;&amp;&quot;&#39;');
  const text = page.start(figures);
  assert.match(text, '손으로 빚은 &lt;찻잔&gt; &amp; 접시');
  assert.match(text, '모아&quot;공방&#39;');
  assert.not.match(text, /<script|src=|href=/);
});

test('money is written as people in Korea write it, exactly, in currencies with and without cents', () => {
  assert.is(moneyText(27_780n, 'KRW'), '₩27,780');
  assert.is(moneyText(-9_500n, 'KRW'), '-₩9,500');
  assert.is(moneyText(9_007_199_254_740_993n, 'KRW'), '₩9,007,199,254,740,993');
  assert.is(moneyText(-5n, 'USD'), '-US$0.05');
  assert.is(moneyText(123_456n, 'USD'), 'US$1,234.56');
});

test('the page shows only what is not nothing, and times of Seoul', () => {
  const text = page.start(figures) + page.line(line, 'KRW') + page.end();
  assert.match(text, '다음 정산까지 보류');
  assert.not.match(text, '쿠폰 부담');
  assert.match(text, '2026. 11. 27. 01:30');
  assert.match(text, '<td class="money">-₩9,500</td>');
  assert.ok(text.endsWith('</html>\n'));
});

test('of a period the page says the period, and the CSV the orders and what coupons cost', () => {
  const orderId = '0198c2f4-6d1a-7c3e-9b01-000000000005';
  const start = new Date('2026-10-31T15:00:00Z');
  const end = new Date('2026-11-30T15:00:00Z');
  const text = page.start({ ...figures, projectId: '', projectTitle: '', kind: 'PERIOD', periodStart: start, periodEnd: end });
  assert.match(text, '기간 Period</dt><dd>2026. 11. 1. 00:00 – 2026. 12. 1. 00:00</dd>');
  assert.not.match(text, '프로젝트');
  const first = page.start({ ...figures, projectId: '', projectTitle: '', kind: 'PERIOD', periodEnd: end });
  assert.match(first, '<dd>– 2026. 12. 1. 00:00</dd>');
  const row = csv.line({ ...line, pledgeId: '', orderId, couponShare: -300n, net: -9_200n }, 'KRW');
  assert.is(row, `2026-11-26T15:00:00.000Z,REFUND,${line.paymentId},,${orderId},KRW,-10000,-500,0,-300,-9200\r\n`);
});

test.run();
