// The whole house behind a door with TLS: people, browsers' origins and the provider come by https.

import { connectMoa } from '@moa/client/node';
import { until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { GOOD_CARD, openHouse } from './house.js';

const house = await openHouse({ tls: true });
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

test.after(() => house.close());
test.run();
