import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { entriesOfCharge, entriesOfOrphan, entriesOfOrphanReturn, platformFeeOf } from '../src/domain/ledger.js';

const sellerId = '00000000-0000-7000-8000-000000000001';
const platformBasisPoints = 500;
const sum = (entries: readonly { amountMinor: bigint }[]) => entries.reduce((total, { amountMinor }) => total + amountMinor, 0n);

test('a charge goes to the platform, the provider, and for the rest to the seller', () => {
  assert.equal(entriesOfCharge({ amountMinor: 30_000n, providerFeeMinor: 720n, sellerId, platformBasisPoints }), [
    { account: 'PROVIDER_CLEARING', amountMinor: 30_000n },
    { account: 'PLATFORM_FEE', amountMinor: -1_500n },
    { account: 'PROVIDER_FEE', amountMinor: -720n },
    { account: 'SELLER_PAYABLE', ownerId: sellerId, amountMinor: -27_780n },
  ]);
});

test('half a minor unit of the fee is rounded up', () => {
  assert.equal(
    [9n, 10n, 29n, 30n, 31n].map((amount) => platformFeeOf(amount, platformBasisPoints)),
    [0n, 1n, 1n, 2n, 2n],
  );
});

test('a fee of nothing is not an entry', () => {
  const entries = entriesOfCharge({ amountMinor: 9n, providerFeeMinor: 0n, sellerId, platformBasisPoints });
  assert.equal(
    entries.map(({ account }) => account),
    ['PROVIDER_CLEARING', 'SELLER_PAYABLE'],
  );
});

test('entries sum to zero for any amount, beyond what a double holds, too', () => {
  for (const points of [0, 1, 500, 333, 5_000])
    for (const amountMinor of [1n, 7n, 10n, 19n, 999_999n, 1_000_000_000_000n, 9_007_199_254_740_993n]) {
      assert.is(sum(entriesOfCharge({ amountMinor, providerFeeMinor: amountMinor / 41n, sellerId, platformBasisPoints: points })), 0n);
    }
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
