// Another person's ids, at the door: whoever tries them learns nothing, and changes nothing.
import { randomUUID } from 'node:crypto';
import { type Moa, MoaError } from '@moa/client/node';
import { contracts, listRpcs } from '@moa/contracts/descriptors';
import pg from 'pg';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openHouse } from './house.js';

const house = await openHouse();
const [owner, seller, stranger, otherSeller] = await Promise.all([house.person(), house.seller(), house.person(), house.seller()]);
const { projectId, rewardId } = await house.liveProject(seller);
const pledgeId = await placePledge(owner);
const draftId = await draft(seller);
const identityId = await link(owner);
const sessionId = (await owner.auth.listSessions({})).sessions[0]!.id;

/** What a stranger tries with the ids of others. Each is to be NOT_FOUND, as if there were no such thing. */
const tries: Record<string, () => Promise<unknown>> = {
  'AuthService/SignOut': () => stranger.auth.signOut({ sessionId }),
  'OAuthService/UnlinkIdentity': () => stranger.oauth.unlinkIdentity({ identityId }),
  'PledgeService/GetPledge': () => stranger.pledges.getPledge({ id: pledgeId }),
  'PledgeService/ChangePledge': () => stranger.pledges.changePledge({ id: pledgeId, lines: [{ rewardId, quantity: 2 }] }),
  'PledgeService/CancelPledge': () => stranger.pledges.cancelPledge({ id: pledgeId }),
  'PledgeService/ListProjectPledges': () => otherSeller.pledges.listProjectPledges({ projectId }),
  'ProjectService/GetProject': () => stranger.projects.getProject({ id: draftId }),
  'ProjectService/UpdateProject': () =>
    otherSeller.projects.updateProject({ id: projectId, project: { summary: 'mine now' }, updateMask: ['summary'], etag: '1' }),
  'ProjectService/AddReward': () =>
    otherSeller.projects.addReward({
      projectId,
      reward: { title: 'x', price: { currencyCode: 'KRW', amountMinor: 1_000n }, deliveryMonth: '2027-03' },
    }),
  'ProjectService/UpdateReward': () =>
    otherSeller.projects.updateReward({ id: rewardId, reward: { description: 'x' }, updateMask: ['description'] }),
  'ProjectService/SubmitProject': () => otherSeller.projects.submitProject({ id: draftId }),
  'ProjectService/CancelProject': () => otherSeller.projects.cancelProject({ id: projectId, reason: 'because' }),
  'FundingPaymentService/GetPayment': () => stranger.payments.getPayment({ pledgeId }),
};

/** Takes ids, but of nobody in particular, or is for staff alone. */
const WITHOUT_OWNER = new Set([
  'AccountAdminService/GetAccount',
  'AccountAdminService/GrantRole',
  'AccountAdminService/RevokeRole',
  'AccountAdminService/SuspendAccount',
  'AccountAdminService/ReinstateAccount',
  'PartnerAdminService/UpdatePartnerClient',
  'PartnerAdminService/RotatePartnerSecret',
  'PartnerAdminService/SuspendPartnerClient',
  'PartnerAdminService/ReinstatePartnerClient',
  'PartnerAdminService/GetPartnerClient',
  // The caller's own, which its secret shows.
  'PartnerTokenService/IssueClientToken',
  'SellerService/ApproveSeller',
  'SellerService/RejectSeller',
  'ProjectService/ReviewProject',
  'PledgeService/RefundPledge',
  'LedgerService/GetBalance',
  // The id of a public project, and of a card that is tried below.
  'PledgeService/CreatePledge',
]);

for (const [rpc, attempt] of Object.entries(tries)) {
  test(`${rpc} with another person's id finds nothing`, async () => {
    const error = await attempt().then(
      () => undefined,
      (thrown) => thrown,
    );
    assert.instance(error, MoaError);
    assert.is(error.code, 5, error.message);
  });
}

test("a pledge cannot name another person's card", async () => {
  const card = await house.card(owner);
  const error = await stranger.pledges
    .createPledge({ projectId, lines: [{ rewardId, quantity: 1 }], billingMethodId: card })
    .catch((thrown) => thrown);
  assert.is(error.reason, 'BILLING_METHOD_UNKNOWN');
});

test('the owner finds everything as it was', async () => {
  const { pledge } = await owner.pledges.getPledge({ id: pledgeId });
  assert.is(pledge!.lines[0]!.quantity, 1);
  assert.is((await seller.projects.getProject({ id: projectId })).project!.summary, '');
  assert.is((await owner.oauth.listIdentities({})).identities[0]!.id, identityId);
});

test('every RPC that takes an id is tried here, or is said to have no owner', () => {
  const takingIds = listRpcs()
    .filter(({ access }) => access.$case !== 'internal')
    .filter(({ service, method }) => {
      const input = contracts.getService(service)!.methods.find(({ name }) => name === method)!.input;
      return input.fields.some(({ name }) => name !== 'request_id' && /(^|_)id$/.test(name));
    })
    .map(({ service, method }) => `${service.split('.').at(-1)}/${method}`);
  assert.equal(
    takingIds.filter((rpc) => !(rpc in tries) && !WITHOUT_OWNER.has(rpc)),
    [],
  );
});

async function placePledge(moa: Moa): Promise<string> {
  const billingMethodId = await house.card(moa);
  const request = { requestId: randomUUID(), projectId, lines: [{ rewardId, quantity: 1 }], billingMethodId };
  for (;;) {
    try {
      return (await moa.pledges.createPledge(request)).pledge!.id;
    } catch (error) {
      // The card is heard of by event.
      if (!(error instanceof MoaError && error.reason === 'BILLING_METHOD_UNKNOWN')) throw error;
    }
  }
}

/** As a provider would have it: there is none in this house. */
async function link(moa: Moa): Promise<string> {
  const auth = new pg.Client({ connectionString: house.stack.databaseUrls['auth']! });
  await auth.connect();
  const { account } = await moa.auth.getMyAccount({});
  const { rows } = await auth.query<{ id: string }>(
    `INSERT INTO identity (id, account_id, issuer, subject, provider, create_time)
      VALUES (gen_random_uuid(), $1, 'https://issuer.example', 'somebody', 'example', now()) RETURNING id`,
    [account!.id],
  );
  await auth.end();
  return rows[0]!.id;
}

async function draft(moa: Moa): Promise<string> {
  const now = Date.now();
  const { project } = await moa.projects.createProject({
    project: {
      title: '초안',
      category: '출판',
      kind: 1,
      goal: { currencyCode: 'KRW', amountMinor: 1n },
      startTime: new Date(now + 60_000),
      closeTime: new Date(now + 86_400_000),
    },
    rewards: [],
  });
  return project!.id;
}

test.after(() => house.close());
test.run();
