// Requests whose work calls others: the claim is committed first.
import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { ApproveSellerResponse, SellerServiceDefinition } from '@moa/contracts/seller/v1/seller_service';
import { openTestbed, reasonOf, retryAfterMsOf, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { claimFirst, openHost } from '../src/index.js';
import { countUp, errorOf, gate, implement, openStore, openTallies } from './support.js';

const LEASE_MS = 30_000;
const bed = await openTestbed('claims');
const { config, owner, count } = await openStore(bed, 'seller');
const host = await openHost('seller', config);
const db = openTallies(host);
let work: () => Promise<void> = async () => {};
host.serve(
  SellerServiceDefinition,
  implement(SellerServiceDefinition, {
    approveSeller: ({ sellerId }, call) =>
      claimFirst(db, call, ApproveSellerResponse, async () => {
        const approvals = await countUp(db.client, sellerId);
        await work();
        return ApproveSellerResponse.fromPartial({ seller: { id: `${sellerId} ${approvals}` } });
      }),
  }),
);
const running = await host.listen();
const seller = bed.connect(SellerServiceDefinition, running.address);
const me = await bed.as(randomUUID(), 'ADMIN');
const newRequest = () => ({ requestId: randomUUID(), sellerId: randomUUID() });

test('a rival is told to come again, and then gets the answer of the first', async () => {
  const request = newRequest();
  const { opened, open } = gate();
  work = () => opened;
  const first = seller.approveSeller(request, me);
  first.catch(() => {});
  await until(() => count(request.sellerId));
  const rivals = await Promise.all(Array.from({ length: 10 }, () => errorOf(seller.approveSeller(request, me))));
  for (const error of rivals) {
    assert.equal([error.code, reasonOf(error)], [status.ABORTED, 'REQUEST_IN_PROGRESS']);
    assert.ok(retryAfterMsOf(error)! > 0);
  }
  open();
  const answer = await first;
  assert.equal(await seller.approveSeller(request, me), answer);
  assert.is(await count(request.sellerId), 1);
});

test('raced 50 times it works once', async () => {
  const request = newRequest();
  work = async () => {};
  const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => seller.approveSeller(request, me)));
  const answers = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value.seller?.id] : []));
  const reasons = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [reasonOf(outcome.reason)] : []));
  assert.equal(new Set(answers), new Set([`${request.sellerId} 1`]));
  assert.ok(reasons.every((reason) => reason === 'REQUEST_IN_PROGRESS'));
  assert.is(await count(request.sellerId), 1);
});

test('work that failed gives the claim back', async () => {
  const request = newRequest();
  work = async () => {
    throw new Error('the provider is away');
  };
  assert.is((await errorOf(seller.approveSeller(request, me))).code, status.INTERNAL);
  work = async () => {};
  assert.is((await seller.approveSeller(request, me)).seller?.id, `${request.sellerId} 2`);
});

test('the claim of one who died is taken over after its lease, and not before', async () => {
  const request = newRequest();
  work = async () => {};
  await seller.approveSeller(request, me);
  // As a process leaves it that was killed before it had an answer.
  await owner.query('UPDATE kit.request SET answer = NULL WHERE id = $1', [request.requestId]);
  bed.shiftClock(LEASE_MS - 5_000);
  assert.is(reasonOf(await errorOf(seller.approveSeller(request, me))), 'REQUEST_IN_PROGRESS');
  bed.shiftClock(6_000);
  const { opened, open } = gate();
  work = () => opened;
  const successor = seller.approveSeller(request, me);
  successor.catch(() => {});
  await until(async () => (await count(request.sellerId)) === 2);
  assert.is(reasonOf(await errorOf(seller.approveSeller(request, me))), 'REQUEST_IN_PROGRESS', 'its successor holds it now');
  open();
  assert.is((await successor).seller?.id, `${request.sellerId} 2`);
});

test('a reused id with another body is refused, before and after the answer', async () => {
  const request = newRequest();
  const { opened, open } = gate();
  work = () => opened;
  const first = seller.approveSeller(request, me);
  first.catch(() => {});
  await until(() => count(request.sellerId));
  const other = { ...request, sellerId: randomUUID() };
  assert.is(reasonOf(await errorOf(seller.approveSeller(other, me))), 'REQUEST_ID_REUSED');
  open();
  await first;
  assert.is(reasonOf(await errorOf(seller.approveSeller(other, me))), 'REQUEST_ID_REUSED');
  assert.is(await count(other.sellerId), 0);
});

test.after(async () => {
  await running.stop();
  await owner.end();
  await bed.close();
});
test.run();
