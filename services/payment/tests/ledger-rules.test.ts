import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { entriesOfCharge } from '../src/domain/charge-entries.js';
import { entriesOfOrphan, entriesOfOrphanReturn, platformFeeOf } from '../src/domain/ledger.js';

const sellerId = '00000000-0000-7000-8000-000000000001';
const terms = { platformBasisPoints: 500, platformFixedMinor: 0n };
/** What nobody but the buyer pays for. */
const allMoney = (paidMinor: bigint) => ({ sellerId, paidMinor, platformCouponMinor: 0n, sellerCouponMinor: 0n, pointsMinor: 0n });
/** Beyond what a double holds, too. */
const anyAmount = fc.bigInt({ min: 1n, max: 10_000_000_000_000_000n });
const anyTerms = fc.record({
  platformBasisPoints: fc.integer({ min: 0, max: 5_000 }),
  platformFixedMinor: fc.bigInt({ min: 0n, max: 10_000n }),
});
const sum = (entries: readonly { amountMinor: bigint }[]) => entries.reduce((total, { amountMinor }) => total + amountMinor, 0n);

test('a charge goes to the platform, the provider, and for the rest to the seller', () => {
  assert.equal(entriesOfCharge([{ ...allMoney(30_000n), ...terms }], 720n).entries, [
    { account: 'PROVIDER_CLEARING', amountMinor: 30_000n },
    { account: 'PLATFORM_FEE', amountMinor: -1_500n },
    { account: 'PROVIDER_FEE', amountMinor: -720n },
    { account: 'SELLER_PAYABLE', ownerId: sellerId, amountMinor: -27_780n },
  ]);
});

test('half a minor unit of the fee is rounded up', () => {
  assert.equal(
    [9n, 10n, 29n, 30n, 31n].map((amount) => platformFeeOf(amount, terms)),
    [0n, 1n, 1n, 2n, 2n],
  );
});

test('a fee of nothing is not an entry', () => {
  const { entries } = entriesOfCharge([{ ...allMoney(9n), ...terms }], 0n);
  assert.equal(
    entries.map(({ account }) => account),
    ['PROVIDER_CLEARING', 'SELLER_PAYABLE'],
  );
});

test('what is fixed is added to the fee, which is never more than what it is taken of', () => {
  const fixed = { platformBasisPoints: 500, platformFixedMinor: 300n };
  assert.equal(
    [30_000n, 1_000n, 316n, 315n, 100n, 0n].map((amount) => platformFeeOf(amount, fixed)),
    [1_800n, 350n, 316n, 315n, 100n, 0n],
  );
});

test('fees and the share of the seller are the amount, whatever amount and policy', () => {
  fc.assert(
    fc.property(anyAmount, anyTerms, fc.integer({ min: 0, max: 1_000 }), (amountMinor, terms, providerPerMille) => {
      const providerFeeMinor = (amountMinor * BigInt(providerPerMille)) / 1_000n;
      const { entries } = entriesOfCharge([{ ...allMoney(amountMinor), ...terms }], providerFeeMinor);
      const of = (name: string) => sum(entries.filter(({ account }) => account === name));
      const platformFee = platformFeeOf(amountMinor, terms);
      assert.ok(platformFee >= 0n && platformFee <= amountMinor);
      assert.is(of('PLATFORM_FEE'), -platformFee);
      assert.is(of('PLATFORM_FEE') + of('PROVIDER_FEE') + of('SELLER_PAYABLE'), -amountMinor);
      assert.is(of('PROVIDER_CLEARING'), amountMinor);
    }),
  );
});

test('each seller of an order is owed his price, less his coupons and fees; all of it together is what came in', () => {
  const minor = fc.bigInt({ min: 0n, max: 10_000_000n });
  const anyShare = fc.record({
    paidMinor: minor,
    platformCouponMinor: minor,
    sellerCouponMinor: minor,
    pointsMinor: minor,
    terms: anyTerms,
  });
  fc.assert(
    fc.property(fc.array(anyShare, { minLength: 1, maxLength: 5 }), fc.integer({ min: 0, max: 100 }), (parts, providerPerMille) => {
      const shares = parts.map(({ terms, ...share }, index) => ({ ...share, ...terms, sellerId: `seller ${index}` }));
      const paid = shares.reduce((total, { paidMinor }) => total + paidMinor, 0n);
      const providerFeeMinor = (paid * BigInt(providerPerMille)) / 1_000n;
      const { entries, fees } = entriesOfCharge(shares, providerFeeMinor);
      assert.is(sum(entries), 0n);
      assert.is(
        fees.reduce((total, fee) => total + fee.providerFeeMinor, 0n),
        providerFeeMinor,
      );
      for (const [index, { sellerId: ownerId, paidMinor, platformCouponMinor, pointsMinor }] of shares.entries()) {
        const owed = -sum(entries.filter((entry) => entry.ownerId === ownerId));
        assert.is(owed + fees[index]!.platformFeeMinor + fees[index]!.providerFeeMinor, paidMinor + platformCouponMinor + pointsMinor);
      }
    }),
  );
});

test('a charge that is none of ours leaves nothing when it has gone back with its fee, and without it what the provider keeps', () => {
  const left = (feeMinor: bigint) => {
    const sums = new Map<string, bigint>();
    for (const { account, amountMinor } of [...entriesOfOrphan(12_000n, 288n), ...entriesOfOrphanReturn(12_000n, feeMinor)])
      sums.set(account, (sums.get(account) ?? 0n) + amountMinor);
    return Object.fromEntries([...sums].filter(([, amountMinor]) => amountMinor !== 0n));
  };
  assert.is(sum(entriesOfOrphan(12_000n, 288n)), 0n);
  assert.equal(left(288n), {});
  assert.equal(left(0n), { PROVIDER_FEE: -288n, PLATFORM_FEE: 288n });
});

test.run();
