// What auth says in a partner's token is what the door counts by.
import { connectMoa, MoaError } from '@moa/client/node';
import { PartnerClient_RateClass } from '@moa/contracts/auth/v1/partner';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openHouse } from './house.js';

const house = await openHouse({ rateFactor: 1 });
const admin = await house.admin();
const CALLS = 60;
const RESOURCE_EXHAUSTED = 8;

async function partner(rateClass: PartnerClient_RateClass) {
  const { client, clientSecret } = await admin.partnerAdmin.createPartnerClient({ name: '연동', scopes: ['sellers:read'], rateClass });
  return connectMoa(house.stack.publicUrl, { partner: { clientId: client!.id, clientSecret } });
}

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

test.after(() => house.close());
test.run();
