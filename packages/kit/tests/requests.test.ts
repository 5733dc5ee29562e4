import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { type RegisterSellerRequest, RegisterSellerResponse, SellerServiceDefinition } from '@moa/contracts/seller/v1/seller_service';
import { openTestbed, reasonOf } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { once, openHost } from '../src/index.js';
import { countUp, errorOf, implement, openStore, openTallies } from './support.js';

const bed = await openTestbed('requests');
const { config, owner, count } = await openStore(bed, 'seller');
const host = await openHost('seller', config);
const db = openTallies(host);
let accident: Error | undefined;
// A seller whose name says how many there are of that company.
host.serve(
  SellerServiceDefinition,
  implement(SellerServiceDefinition, {
    registerSeller: ({ companyName }, call) =>
      once(db, call, RegisterSellerResponse, async (tx) => {
        const companies = await countUp(tx, companyName);
        if (accident) throw accident;
        return RegisterSellerResponse.fromPartial({ seller: { id: `${companyName} ${companies}` } });
      }),
  }),
);
const running = await host.listen();
const seller = bed.connect(SellerServiceDefinition, running.address);

const requestOf = (changed: Partial<RegisterSellerRequest> = {}): RegisterSellerRequest => ({
  requestId: randomUUID(),
  companyName: randomUUID(),
  businessNumber: '120-81-47521',
  representativeName: '김모아',
  settlementAccount: { bankCode: '088', accountNumber: '110123456789', holderName: '김모아' },
  ...changed,
});

test('the same request raced 50 times has one effect, and one answer for all', async () => {
  const [request, me] = [requestOf(), await bed.as(randomUUID())];
  const answers = await Promise.all(Array.from({ length: 50 }, () => seller.registerSeller(request, me)));
  assert.equal(new Set(answers.map((answer) => answer.seller?.id)), new Set([`${request.companyName} 1`]));
  assert.is(await count(request.companyName), 1);
});

test('the first answer comes again, though things have changed since', async () => {
  const [request, me] = [requestOf(), await bed.as(randomUUID())];
  const first = await seller.registerSeller(request, me);
  await seller.registerSeller({ ...request, requestId: randomUUID() }, me);
  await owner.query('DELETE FROM tally WHERE name = $1', [request.companyName]);
  assert.equal(await seller.registerSeller(request, me), first);
  assert.is(await count(request.companyName), 0);
});

test('a reused id with another body is refused, and changes nothing', async () => {
  const [request, me] = [requestOf(), await bed.as(randomUUID())];
  await seller.registerSeller(request, me);
  const error = await errorOf(seller.registerSeller({ ...request, representativeName: '이모아' }, me));
  assert.equal([error.code, reasonOf(error)], [status.INVALID_ARGUMENT, 'REQUEST_ID_REUSED']);
  assert.is(await count(request.companyName), 1);
});

test("another person's request of the same id is another request", async () => {
  const request = requestOf();
  for (const expected of [1, 2]) {
    const { seller: made } = await seller.registerSeller(request, await bed.as(randomUUID()));
    assert.is(made?.id, `${request.companyName} ${expected}`);
  }
});

test('a request that failed leaves nothing, and may be tried again', async () => {
  const [request, me] = [requestOf(), await bed.as(randomUUID())];
  accident = new Error('the power is out');
  assert.is((await errorOf(seller.registerSeller(request, me))).code, status.INTERNAL);
  accident = undefined;
  assert.is(await count(request.companyName), 0);
  assert.is((await seller.registerSeller(request, me)).seller?.id, `${request.companyName} 1`);
});

test('different requests at once wait for each other no longer than they must, and all count', async () => {
  const [{ companyName }, me] = [requestOf(), await bed.as(randomUUID())];
  const answers = await Promise.all(Array.from({ length: 40 }, () => seller.registerSeller(requestOf({ companyName }), me)));
  assert.is(new Set(answers.map((answer) => answer.seller?.id)).size, 40);
});

test.after(async () => {
  await running.stop();
  await owner.end();
  await bed.close();
});
test.run();
