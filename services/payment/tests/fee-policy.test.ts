import { randomUUID } from 'node:crypto';
import { FeePolicy_Flow } from '@moa/contracts/payment/v1/settlement';
import type { SetFeePolicyRequest } from '@moa/contracts/payment/v1/settlement_service';
import { reasonOf } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { paidOrder, share, won } from './orders.js';
import { DAY_MS, EARLY, openOffice } from './settlement-support.js';
import { errorOf, openStand } from './support.js';

const stand = await openStand('fee-policy');
const { address } = await stand.start();
const clients = stand.clients(address);
const { settlements, first, settle, project, refund, close } = await openOffice(stand, clients, address);

/** From tomorrow on. */
const policyOf = (more: Partial<SetFeePolicyRequest>): SetFeePolicyRequest => ({
  requestId: randomUUID(),
  sellerId: randomUUID(),
  flow: FeePolicy_Flow.FLOW_UNSPECIFIED,
  validFrom: new Date(stand.bed.now().getTime() + DAY_MS),
  platformBasisPoints: 500,
  platformFixed: undefined,
  earlyBasisPoints: 10_000,
  finalAfterDays: 0,
  ...more,
});
const set = async (policy: SetFeePolicyRequest) => (await settlements.setFeePolicy(policy, await first())).policy!;
const listed = async (sellerId: string) =>
  (await settlements.listFeePolicies({ sellerId, pageSize: 0, pageToken: '' }, await first())).policies;
const tomorrow = () => stand.bed.shiftClock(DAY_MS + 1_000);

/** What the platform takes of a pledge of 30,000 won. */
const feeOfPledge = async (sellerId: string) => (await settle((await project(1, sellerId)).projectId, EARLY)).platformFee!.amountMinor;

/** What the platform takes of an order of so many won. */
async function feeOfOrder(sellerId: string, amount = 30_000): Promise<bigint> {
  const { id } = await paidOrder(stand, clients, { amount: won(amount), shares: [share(amount, { sellerId })] });
  return BigInt(-(await stand.accountsOf(id))['PLATFORM_FEE']!);
}

test('a policy holds from its time on, for one seller or for all; what was asked for before keeps its own', async () => {
  const sellerId = randomUUID();
  const before = await project(1, sellerId);
  const policy = policyOf({ sellerId, platformBasisPoints: 250 });
  assert.is(reasonOf(await errorOf(set({ ...policy, validFrom: new Date(0) }))), 'REQUEST_INVALID');
  const made = await set(policy);
  assert.is(await feeOfPledge(sellerId), 1_500n);
  tomorrow();
  await refund(before.pledgeIds[0]!, 10_000);
  assert.is((await settle(before.projectId, EARLY)).platformFee!.amountMinor, 1_000n);
  const settlement = await settle((await project(1, sellerId)).projectId, EARLY);
  assert.equal([settlement.platformFee!.amountMinor, settlement.net!.amountMinor], [750n, 28_530n]);
  assert.is(await feeOfPledge(randomUUID()), 1_500n);
  assert.equal(await listed(sellerId), [made]);
  assert.equal(
    (await listed('')).map(({ platformBasisPoints }) => platformBasisPoints),
    [500],
  );
});

test('a later policy takes over, and the earlier one stays in the list', async () => {
  const sellerId = randomUUID();
  const earlier = await set(policyOf({ sellerId, platformBasisPoints: 100 }));
  tomorrow();
  assert.is(await feeOfPledge(sellerId), 300n);
  const later = await set(policyOf({ sellerId, platformBasisPoints: 200 }));
  assert.is(await feeOfPledge(sellerId), 300n);
  tomorrow();
  assert.is(await feeOfPledge(sellerId), 600n);
  assert.equal(await listed(sellerId), [later, earlier]);
});

test('a policy of one flow comes before one of both, even if that is newer', async () => {
  const sellerId = randomUUID();
  await set(policyOf({ sellerId, flow: FeePolicy_Flow.FLOW_INSTANT, platformBasisPoints: 1_000 }));
  tomorrow();
  assert.is(await feeOfPledge(sellerId), 1_500n);
  assert.is(await feeOfOrder(sellerId), 3_000n);
  await set(policyOf({ sellerId, platformBasisPoints: 100 }));
  tomorrow();
  assert.is(await feeOfPledge(sellerId), 300n);
  assert.is(await feeOfOrder(sellerId), 3_000n);
});

test('what is fixed is taken once of each pledge and of each seller of an order, and comes back with refunds in proportion', async () => {
  const sellerId = randomUUID();
  const made = await set(policyOf({ sellerId, platformFixed: won(300) }));
  assert.equal(made.platformFixed, won(300));
  tomorrow();
  const { projectId, pledgeIds } = await project(2, sellerId);
  assert.is((await settle(projectId, EARLY)).platformFee!.amountMinor, 3_600n);
  await refund(pledgeIds[0]!, 10_000);
  assert.is((await settle(projectId, EARLY)).platformFee!.amountMinor, -600n);
  assert.is(await feeOfOrder(sellerId), 1_800n);
  // No more than the whole price.
  assert.is(await feeOfOrder(sellerId, 200), 200n);
});

test('what is fixed in another currency is not taken', async () => {
  const sellerId = randomUUID();
  await set(policyOf({ sellerId, platformFixed: { currencyCode: 'USD', amountMinor: 30n } }));
  tomorrow();
  assert.is(await feeOfPledge(sellerId), 1_500n);
  assert.is(await feeOfOrder(sellerId), 1_500n);
});

test('the same request is one policy; only staff make policies', async () => {
  const policy = policyOf({});
  const made = await Promise.all([1, 2, 3].map(() => set(policy)));
  assert.is(new Set(made.map(({ id }) => id)).size, 1);
  assert.is((await listed(policy.sellerId)).length, 1);
  const seller = await stand.bed.as(policy.sellerId, 'SELLER');
  assert.is(reasonOf(await errorOf(settlements.setFeePolicy({ ...policy, requestId: randomUUID() }, seller))), 'CALLER_NOT_ALLOWED');
});

test.after(async () => {
  await close();
  await stand.close();
});
test.run();
