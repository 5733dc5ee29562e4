// The rules by themselves, over baskets and coupons at random.
import { randomUUID } from 'node:crypto';
import { randomOf } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Basket, bestQuote, type Candidate, isAllApplied, type Line, quote } from '../src/domain/rules.js';

const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const ROUNDS = 2_000;
const AT = new Date('2026-11-26T09:00:00Z');
const SELLERS = [randomUUID(), randomUUID()];
const CATEGORIES = ['home', 'books', 'food'];
console.log(`rules: seed ${SEED}`);

const { below, pick } = randomOf(SEED);
const some = <T>(values: readonly T[]): T[] => (below(2) === 0 ? [] : values.filter(() => below(2) === 0));

const line = (): Line => ({
  lineId: randomUUID(),
  itemId: randomUUID(),
  sellerId: pick(SELLERS),
  category: pick(CATEGORIES),
  amountMinor: BigInt(1 + below(50_000)),
});
const basket = (): Basket => ({ flow: 'INSTANT', currency: 'KRW', lines: Array.from({ length: 1 + below(6) }, line) });

function candidate(): Candidate {
  const isFixed = below(2) === 0;
  return {
    couponId: randomUUID(),
    campaignId: randomUUID(),
    state: 'ISSUED',
    expireTime: new Date(AT.getTime() + 1),
    campaignPaused: false,
    budgetLeftMinor: below(4) === 0 ? BigInt(below(5_000)) : null,
    terms: {
      fixedMinor: isFixed ? BigInt(1 + below(30_000)) : null,
      percentBasisPoints: isFixed ? null : 1 + below(10_000),
      capMinor: below(2) === 0 ? 0n : BigInt(1 + below(10_000)),
      minimumSpendMinor: below(2) === 0 ? 0n : BigInt(below(60_000)),
      flow: pick([null, 'INSTANT', 'FUNDING']),
      categories: some(CATEGORIES),
      sellerIds: some(SELLERS),
      itemIds: [],
      payer: pick(['PLATFORM', 'SELLER']),
      stackable: below(3) > 0,
      currency: 'KRW',
    },
  };
}

const sum = (amounts: readonly bigint[]) => amounts.reduce((total, amount) => total + amount, 0n);
const sorted = <T>(values: readonly T[]) =>
  values.map((value) => JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? `${part}` : part))).sort();

test('sums agree, nothing is taken off twice, and the order in which lines and coupons are named changes nothing', () => {
  for (let round = 0; round < ROUNDS; round++) {
    const [what, coupons] = [basket(), Array.from({ length: below(5) }, candidate)];
    const priced = quote(what, coupons, AT);
    const before = sum(what.lines.map(({ amountMinor }) => amountMinor));
    assert.is(priced.totalMinor + priced.discountMinor, before);
    assert.is(sum(priced.coupons.map(({ discountMinor }) => discountMinor)), priced.discountMinor);
    for (const { lineId, amountMinor } of what.lines) {
      const off = sum(priced.discounts.filter((discount) => discount.lineId === lineId).map(({ discountMinor }) => discountMinor));
      assert.ok(off >= 0n && off <= amountMinor);
    }
    for (const { couponId, outcome, discountMinor } of priced.coupons) {
      const { terms, budgetLeftMinor } = coupons.find((coupon) => coupon.couponId === couponId)!;
      assert.is(outcome === 'APPLIED', discountMinor > 0n);
      if (terms.fixedMinor !== null) assert.ok(discountMinor <= terms.fixedMinor);
      else if (terms.capMinor > 0n) assert.ok(discountMinor <= terms.capMinor);
      if (budgetLeftMinor !== null) assert.ok(discountMinor <= budgetLeftMinor);
    }
    const applied = priced.coupons.filter(({ outcome }) => outcome === 'APPLIED');
    if (applied.length > 1)
      assert.ok(applied.every(({ couponId }) => coupons.find((coupon) => coupon.couponId === couponId)!.terms.stackable));
    const turned = quote({ ...what, lines: what.lines.toReversed() }, coupons.toReversed(), AT);
    assert.equal(sorted(turned.discounts), sorted(priced.discounts));
  }
});

test('the best quote is at least as good as each coupon alone, can be asked for by name, and tells of every coupon', () => {
  for (let round = 0; round < ROUNDS / 4; round++) {
    const [what, coupons] = [basket(), Array.from({ length: below(6) }, candidate)];
    const best = bestQuote(what, coupons, AT);
    for (const coupon of coupons) assert.ok(best.discountMinor >= quote(what, [coupon], AT).discountMinor);
    const applied = best.coupons.filter(({ outcome }) => outcome === 'APPLIED').map(({ couponId }) => couponId);
    const again = quote(
      what,
      coupons.filter(({ couponId }) => applied.includes(couponId)),
      AT,
    );
    assert.ok(isAllApplied(again));
    assert.is(again.discountMinor, best.discountMinor);
    assert.is(best.coupons.length, coupons.length);
  }
});

test('a percentage is rounded down, capped, and its minimum is compared with the full price', () => {
  const what: Basket = { flow: 'INSTANT', currency: 'KRW', lines: [{ ...line(), amountMinor: 9_999n }] };
  const of = (terms: object): Candidate => ({
    ...candidate(),
    budgetLeftMinor: null,
    terms: {
      ...candidate().terms,
      flow: null,
      categories: [],
      sellerIds: [],
      minimumSpendMinor: 0n,
      fixedMinor: null,
      percentBasisPoints: 1_000,
      capMinor: 0n,
      ...terms,
    },
  });
  assert.is(quote(what, [of({})], AT).discountMinor, 999n);
  assert.is(quote(what, [of({ capMinor: 500n })], AT).discountMinor, 500n);
  assert.is(quote(what, [of({ minimumSpendMinor: 10_000n })], AT).coupons[0]!.missingMinor, 1n);
});

test.run();
