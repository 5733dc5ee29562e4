// What staff do with campaigns.
import { randomUUID } from 'node:crypto';
import { Campaign_State, CampaignTerms_CodeKind, Payer } from '@moa/contracts/coupon/v1/coupon';
import { violationsOf } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bed, campaign, closeBed, DAY_MS, granted, held, openCoupon, refusal, reservation, staff, termsOf, won } from './support.js';

const clients = await openCoupon();
const { coupons, admin, purchase, stop } = clients;

const fieldsOf = async (more: Parameters<typeof termsOf>[0]) => {
  const error = await admin.createCampaign({ requestId: randomUUID(), terms: termsOf(more) }, await staff()).catch((error) => error);
  return violationsOf(error).map(({ field }) => field);
};

test('terms that contradict each other are refused, with the field at fault', async () => {
  const past = new Date(bed.now().getTime() - DAY_MS);
  assert.equal(await fieldsOf({ payer: Payer.PAYER_SELLER }), ['terms.scope']);
  assert.equal(await fieldsOf({ claimable: true }), ['terms.total_limit']);
  assert.equal(await fieldsOf({ codeKind: CampaignTerms_CodeKind.CODE_KIND_SHARED }), ['terms.shared_code']);
  assert.equal(await fieldsOf({ sharedCode: 'MOA2026' }), ['terms.shared_code']);
  assert.equal(await fieldsOf({ welcome: true, codeKind: CampaignTerms_CodeKind.CODE_KIND_UNIQUE }), ['terms.code_kind']);
  assert.equal(await fieldsOf({ issueEndTime: past }), ['terms.issue_end_time', 'terms.issue_end_time']);
  assert.equal(await fieldsOf({ validity: { kind: { $case: 'until', value: past } } }), ['terms.validity.until', 'terms.validity.until']);
  assert.equal(await fieldsOf({ minimumSpendMinor: 500n }), ['terms.minimum_spend_minor']);
});

test('a shared code belongs to one campaign, however it is written', async () => {
  const code = `Moa${randomUUID().slice(0, 6)}`;
  const terms = termsOf({ codeKind: CampaignTerms_CodeKind.CODE_KIND_SHARED, sharedCode: code });
  await admin.createCampaign({ requestId: randomUUID(), terms }, await staff());
  const again = { ...terms, sharedCode: code.toUpperCase() };
  assert.is(await refusal(admin.createCampaign({ requestId: randomUUID(), terms: again }, await staff())), 'SHARED_CODE_TAKEN');
});

test('the same request makes one campaign, and another body under its id is refused', async () => {
  const request = { requestId: randomUUID(), terms: termsOf() };
  const token = await staff();
  const answers = await Promise.all([admin.createCampaign(request, token), admin.createCampaign(request, token)]);
  assert.is(answers[0]!.campaign!.id, answers[1]!.campaign!.id);
  assert.is(await refusal(admin.createCampaign({ ...request, terms: termsOf({ name: '다른 이름' }) }, token)), 'REQUEST_ID_REUSED');
});

test('limits are widened, and never narrowed', async () => {
  const id = await campaign(clients, { totalLimit: 1, limitPerUser: 1 });
  const [who, token] = [randomUUID(), await staff()];
  await granted(clients, id, who);
  assert.is(await refusal(granted(clients, id, who)), 'ALREADY_CLAIMED');
  assert.is(await refusal(granted(clients, id, randomUUID())), 'CAMPAIGN_EXHAUSTED');
  const nothing = { id, name: '', totalLimit: 0, budgetMinor: 0n, issueEndTime: undefined };
  const { campaign: wider } = await admin.updateCampaign({ ...nothing, totalLimit: 2, name: '두 장' }, token);
  assert.equal([wider!.terms!.totalLimit, wider!.terms!.name], [2, '두 장']);
  await granted(clients, id, randomUUID());
  assert.is(await refusal(admin.updateCampaign({ ...nothing, totalLimit: 1 }, token)), 'CAMPAIGN_NOT_NARROWED');
  assert.is(await refusal(admin.updateCampaign({ ...nothing, budgetMinor: 1_000n }, token)), 'CAMPAIGN_NOT_NARROWED');
});

test('50 grants at once for 10 coupons: exactly 10', async () => {
  const id = await campaign(clients, { totalLimit: 10 });
  const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => granted(clients, id, randomUUID())));
  assert.is(outcomes.filter(({ status }) => status === 'fulfilled').length, 10);
  assert.is((await admin.getCampaign({ id }, await staff())).campaign!.issuedCount, 10n);
});

test('a campaign is paused, resumed and ended; once it has ended nothing is given out', async () => {
  const [id, token] = [await campaign(clients), await staff()];
  const to = (rpc: 'pauseCampaign' | 'resumeCampaign' | 'endCampaign') => admin[rpc]({ requestId: randomUUID(), id }, token);
  assert.is((await to('pauseCampaign')).campaign!.state, Campaign_State.STATE_PAUSED);
  assert.is(await refusal(granted(clients, id, randomUUID())), 'CAMPAIGN_NOT_OPEN');
  await to('resumeCampaign');
  await granted(clients, id, randomUUID());
  await to('endCampaign');
  assert.is(await refusal(granted(clients, id, randomUUID())), 'CAMPAIGN_NOT_OPEN');
  assert.is(await refusal(to('resumeCampaign')), 'CAMPAIGN_ENDED');
  const { campaigns } = await admin.listCampaigns({ state: Campaign_State.STATE_ENDED, pageSize: 1, pageToken: '' }, token);
  assert.is(campaigns[0]!.id, id);
});

test('its stats add up: what was given out, by what way, and what became of it', async () => {
  const [id, token, who] = [await campaign(clients), await staff(), randomUUID()];
  const ids = await Promise.all(Array.from({ length: 4 }, () => granted(clients, id, who)));
  const request = reservation(who, [ids[0]!]);
  await purchase.reserveCoupons(request);
  await purchase.commitCoupons(held(request.holderId));
  await purchase.reserveCoupons(reservation(who, [ids[1]!]));
  await admin.revokeCoupon({ requestId: randomUUID(), id: ids[2]! }, token);
  const { stats } = await admin.getCampaignStats({ campaignId: id }, token);
  const { issuedCount, usableCount, reservedCount, usedCount, revokedCount, discounted, reserved } = stats!;
  assert.equal([issuedCount, usableCount, reservedCount, usedCount, revokedCount], [4n, 1n, 1n, 1n, 1n]);
  assert.equal([discounted, reserved], [won(1_000), won(1_000)]);
  assert.is(await refusal(admin.revokeCoupon({ requestId: randomUUID(), id: ids[0]! }, token)), 'COUPON_NOT_REVOCABLE');
});

test("another person's coupon is not there, and staff's RPCs are staff's", async () => {
  const [owner, other] = [randomUUID(), randomUUID()];
  const couponId = await granted(clients, await campaign(clients), owner);
  const token = await bed.as(other);
  const { flow, currencyCode, lines } = reservation(other, []);
  const { quote } = await coupons.quoteDiscount({ flow, currencyCode, lines, couponIds: [couponId] }, token);
  assert.is(quote!.coupons[0]!.outcome, 2);
  assert.is(await refusal(admin.listCampaigns({ state: 0, pageSize: 0, pageToken: '' }, token)), 'CALLER_NOT_ALLOWED');
  const { coupons: all } = await clients.user.listCouponsForMyPage({ afterId: '' });
  assert.ok(all.some(({ id }) => id === couponId));
});

test.after(() => closeBed(stop));
test.run();
