// Requests whose work calls others: the claim is committed first.
import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { ApproveSellerResponse, SellerServiceDefinition } from '@moa/contracts/seller/v1/seller_service';
import { openTestbed, reasonOf, retryAfterMsOf, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fail } from '../src/failure.js';
import { claimFirst, openHost } from '../src/index.js';
import { countUp, errorOf, gate, implement, openStore, openTallies } from './support.js';

const LEASE_MS = 30_000;
const LOOK_SECONDS = 0.5;
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

test('a claim that is given back while a rival looks at it is no other body', async () => {
  const { rows } = await owner.query("SELECT pg_get_functiondef('kit.claim'::regproc) AS definition");
  // Between the look that finds the claim and the one that compares it.
  const slow = rows[0].definition.replace('RETURN true; END IF;', `RETURN true; END IF; PERFORM pg_sleep(${LOOK_SECONDS});`);
  const request = newRequest();
  const { opened, open } = gate();
  work = async () => {
    await opened;
    throw fail('SERVICE_UNAVAILABLE');
  };
  const first = errorOf(seller.approveSeller(request, me));
  await until(() => count(request.sellerId));
  await owner.query(slow);
  const rival = errorOf(seller.approveSeller(request, me));
  await until(async () => (await owner.query("SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'")).rows.length > 0);
  open();
  assert.is(reasonOf(await first), 'SERVICE_UNAVAILABLE');
  assert.is(reasonOf(await rival), 'SERVICE_UNAVAILABLE', 'it works by itself then');
  await owner.query(rows[0].definition);
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
