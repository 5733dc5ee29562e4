// A house with the door that it has in the world: people and the provider come by https, and the rates are those of the contracts.
import { readFileSync } from 'node:fs';
import { connectMoa, MoaError } from '@moa/client/node';
import { PartnerClient_RateClass } from '@moa/contracts/auth/v1/partner';
import { until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { GOOD_CARD, openHouse } from './house.js';

const CALLS = 60;
const RESOURCE_EXHAUSTED = 8;

const house = await openHouse({ tls: true, rateFactor: 1 });
const { stack } = house;

test('its address is https, and people sign up, in and go about their business', async () => {
  assert.match(stack.publicUrl, /^https:\/\/localhost:\d+$/);
  const person = await house.person();
  assert.ok((await person.users.getMyPage({})).profile?.accountId);
});

test('who does not trust its authority does not get in', async () => {
  const moa = connectMoa(stack.publicUrl);
  const error = await moa.projects.listProjects({}).catch((thrown) => thrown);
  assert.is(error.code, 14);
  moa.close();
});

test("the provider's webhooks come in by it", async () => {
  const { url, apiKey } = stack.sandbox;
  const ask = async (path: string, body?: object) => {
    const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', 'idempotency-key': path };
    const response = await fetch(`${url}${path}`, body ? { method: 'POST', headers, body: JSON.stringify(body) } : { headers });
    return response.json();
  };
  const card = { cardNumber: GOOD_CARD, expiryMonth: 12, expiryYear: 2099, holderId: 'somebody' };
  const { billingKey } = await ask('/v1/billing-keys', card);
  await ask('/v1/charges', { billingKey, amountMinor: 1_000, currency: 'KRW', orderId: 'one' });
  await until(async () => {
    const { totals, pendingWebhooks } = await ask('/v1/books/totals');
    return totals[0]?.charges === 1 && pendingWebhooks === 0;
  });
});

// What auth says in a partner's token is what the door counts by.
test('a partner is limited by its own rate, whatever token it shows, and nobody else is by that', async () => {
  const [slow, quick] = [await partner(PartnerClient_RateClass.RATE_CLASS_LOW), await partner(PartnerClient_RateClass.RATE_CLASS_STANDARD)];
  const callMany = async (moa: typeof slow): Promise<number> => {
    const outcomes = await Promise.allSettled(Array.from({ length: CALLS }, () => moa.sellers.listSellers({})));
    const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    for (const error of refused) assert.ok(error instanceof MoaError && error.code === RESOURCE_EXHAUSTED, String(error));
    return refused.length;
  };
  assert.ok((await callMany(slow)) > 0);
  await slow.renewTokens();
  assert.ok((await callMany(slow)) > CALLS / 2, 'another token is no other bucket');
  assert.is(await callMany(quick), 0);
  slow.close();
  quick.close();
});

async function partner(rateClass: PartnerClient_RateClass) {
  const admin = await house.admin();
  const { client, clientSecret } = await admin.partnerAdmin.createPartnerClient({ name: '연동', scopes: ['sellers:read'], rateClass });
  return connectMoa(stack.publicUrl, {
    partner: { clientId: client!.id, clientSecret },
    rootCertificates: readFileSync(stack.doorAuthority!),
  });
}

test.after(() => house.close());
test.run();
