// Another person's ids, at Envoy and straight at the services: whoever tries them learns nothing, and changes nothing.
import { randomUUID } from 'node:crypto';
import type { JsonObject } from '@bufbuild/protobuf';
import { type Moa, MoaError } from '@moa/client/node';
import { listRpcs, type Rpc } from '@moa/contracts/descriptors';
import { Project_State } from '@moa/contracts/funding/v1/project';
import { withClient } from '@moa/stack';
import { framed } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openDoors } from '../doors.js';
import { theHouse } from '../house.js';
import { draft, goods } from '../owned-things.js';
import { openTally, type Try } from '../tally.js';
import { requestOf, validRequest } from '../valid-request.js';

const house = await theHouse();
const doors = openDoors(house.stack);
const tally = openTally();
const [owner, seller, stranger, otherSeller] = await Promise.all([house.person(), house.seller(), house.person(), house.seller()]);
const { projectId, rewardId } = await house.liveProject(seller);
const pledgeId = await placePledge(owner);
const draftId = await draft(seller);
const identityId = await link(owner);
const { productId, variantId, draftProductId } = await goods(seller);
const orderId = await placeOrder(owner);
const sessionId = (await owner.auth.listSessions({})).sessions[0]!.id;

/** Who may call, but does not own what is there: and what it is, as the request says it. The rest of the request is made up. */
interface Owned {
  readonly by: Moa;
  readonly ids: Readonly<Record<string, string>>;
  readonly given?: JsonObject;
}

/** What belongs to somebody, for each RPC that takes an id of such. */
const owned: Readonly<Record<string, Owned>> = {
  'AuthService/SignOut': { by: stranger, ids: { sessionId } },
  'OAuthService/UnlinkIdentity': { by: stranger, ids: { identityId } },
  'PledgeService/GetPledge': { by: stranger, ids: { id: pledgeId } },
  'PledgeService/ChangePledge': { by: stranger, ids: { id: pledgeId }, given: { lines: [{ rewardId, quantity: 2 }] } },
  'PledgeService/CancelPledge': { by: stranger, ids: { id: pledgeId } },
  'PledgeService/ListProjectPledges': { by: otherSeller, ids: { projectId } },
  'ProjectService/GetProject': { by: stranger, ids: { id: draftId } },
  'ProjectService/WatchProject': { by: stranger, ids: { id: draftId } },
  'UpdateService/PostUpdate': { by: otherSeller, ids: { projectId } },
  'UpdateService/ListUpdates': { by: stranger, ids: { projectId: draftId } },
  'ProjectService/UpdateProject': {
    by: otherSeller,
    ids: { id: projectId },
    given: { project: { summary: 'mine now' }, updateMask: 'summary', etag: '1' },
  },
  'ProjectService/AddReward': { by: otherSeller, ids: { projectId } },
  'ProjectService/UpdateReward': {
    by: otherSeller,
    ids: { id: rewardId },
    given: { reward: { description: 'x' }, updateMask: 'description' },
  },
  'ProjectService/SubmitProject': { by: otherSeller, ids: { id: draftId } },
  'ProjectService/CancelProject': { by: otherSeller, ids: { id: projectId } },
  'ProjectService/OpenLatePledges': { by: otherSeller, ids: { id: projectId }, given: { until: new Date().toISOString() } },
  'FulfilmentService/RegisterShipment': { by: otherSeller, ids: { pledgeId }, given: { carrier: 'x', trackingNumber: '1234' } },
  'FulfilmentService/ConfirmDelivery': { by: stranger, ids: { pledgeId } },
  'FulfilmentService/RequestRefund': { by: stranger, ids: { pledgeId } },
  'FulfilmentService/ListRefundRequests': { by: otherSeller, ids: { projectId } },
  'CatalogService/GetProduct': { by: stranger, ids: { id: draftProductId } },
  'CatalogService/AddVariant': {
    by: otherSeller,
    ids: { productId },
    given: { variant: { price: { currencyCode: 'KRW', amountMinor: '1' } } },
  },
  'CatalogService/UpdateProduct': {
    by: otherSeller,
    ids: { id: productId },
    given: { product: { title: 'x' }, updateMask: 'title', etag: 'v1' },
  },
  'CatalogService/UpdateVariant': {
    by: otherSeller,
    ids: { id: variantId },
    given: { variant: { sku: 'x' }, updateMask: 'sku', etag: 'v1' },
  },
  'CatalogService/PublishProduct': { by: otherSeller, ids: { id: productId } },
  'CatalogService/PauseProduct': { by: otherSeller, ids: { id: productId } },
  'CatalogService/RemoveProduct': { by: otherSeller, ids: { id: productId } },
  'CatalogService/SetStock': { by: otherSeller, ids: { variantId }, given: { onHand: 1 } },
  'OrderService/GetOrder': { by: stranger, ids: { id: orderId } },
  'SellerDashboardService/GetFundingProgress': { by: otherSeller, ids: { projectId } },
  'FundingPaymentService/GetPayment': { by: stranger, ids: { pledgeId } },
  'InstantPaymentService/GetPayment': { by: stranger, ids: { orderId } },
  'InstantPaymentService/ConfirmPayment': { by: stranger, ids: { orderId } },
};

/** Takes ids, but nobody's in particular. */
const WITHOUT_OWNER: Readonly<Record<string, string>> = {
  'AccountAdminService/GetAccount': 'staff see every account',
  'AccountAdminService/GrantRole': 'staff see every account',
  'AccountAdminService/RevokeRole': 'staff see every account',
  'AccountAdminService/SuspendAccount': 'staff see every account',
  'AccountAdminService/ReinstateAccount': 'staff see every account',
  'PartnerAdminService/GetPartnerClient': 'staff see every client',
  'PartnerAdminService/UpdatePartnerClient': 'staff see every client',
  'PartnerAdminService/RotatePartnerSecret': 'staff see every client',
  'PartnerAdminService/SuspendPartnerClient': 'staff see every client',
  'PartnerAdminService/ReinstatePartnerClient': 'staff see every client',
  'PartnerTokenService/IssueClientToken': 'takes the secret as well',
  'PointService/GrantPoints': 'staff give points to everybody',
  'SellerService/ApproveSeller': 'staff decide on every seller',
  'SellerService/RejectSeller': 'staff decide on every seller',
  'VerificationService/ListVerifications': 'staff see the documents of every seller',
  'VerificationService/ReviewVerification': 'staff decide on every document',
  'ProjectService/ReviewProject': 'staff decide on every project',
  'PledgeService/RefundPledge': 'staff refund every pledge',
  'ProjectService/CancelFundedProject': 'staff end every project',
  'FulfilmentService/DecideRefund': "tried with another seller's in funding's own tests",
  'SettlementService/SetFeePolicy': 'staff pay every seller',
  'SettlementService/ListFeePolicies': 'staff pay every seller',
  'SettlementService/CreateSettlement': 'staff pay every seller',
  'SettlementService/CreatePeriodSettlement': 'staff pay every seller',
  'SettlementService/GetSettlement': 'staff pay every seller',
  'SettlementService/ListSettlements': 'staff pay every seller',
  'SettlementService/RequestPayout': 'staff pay every seller',
  'SettlementService/ApprovePayout': 'staff pay every seller',
  'SettlementService/RejectPayout': 'staff pay every seller',
  'StatementService/GetSettlementStatement': "tried with another seller's in seller-dashboard.test",
  'StatementService/DownloadSettlementStatement': "tried with another seller's in seller-dashboard.test",
  'LedgerService/GetBalance': 'the books are for staff',
  'LedgerService/ListEntries': 'the books are for staff',
  'ReconciliationService/GetReconciliation': 'the books are for staff',
  'ReconciliationService/ListDiscrepancies': 'the books are for staff',
  'OrderService/CancelOrder': "tried with another buyer's in purchase's fulfilment.test",
  'OrderService/ConfirmOrderDelivery': "tried with another buyer's in purchase's fulfilment.test",
  'OrderService/CompleteOrder': "tried with another buyer's in purchase's fulfilment.test",
  'OrderService/RequestReturn': "tried with another buyer's in purchase's fulfilment.test",
  'OrderService/RefundOrder': 'staff refund every order',
  'SellerOrderService/PrepareOrder': "tried with another seller's in purchase's fulfilment.test",
  'SellerOrderService/RegisterOrderShipment': "tried with another seller's in purchase's fulfilment.test",
  'SellerOrderService/CancelOrderLines': "tried with another seller's in purchase's fulfilment.test",
  'SellerOrderService/DecideReturn': "tried with another seller's in purchase's returns.test",
  'CouponAdminService/AddToIssueList': 'staff run every campaign',
  'CouponAdminService/CreateIssueList': 'staff run every campaign',
  'CouponAdminService/EndCampaign': 'staff run every campaign',
  'CouponAdminService/GenerateCodes': 'staff run every campaign',
  'CouponAdminService/GetCampaign': 'staff run every campaign',
  'CouponAdminService/GetCampaignStats': 'staff run every campaign',
  'CouponAdminService/GetIssueJob': 'staff run every campaign',
  'CouponAdminService/GrantCoupon': 'staff run every campaign',
  'CouponAdminService/ListCodes': 'staff run every campaign',
  'CouponAdminService/PauseCampaign': 'staff run every campaign',
  'CouponAdminService/ResumeCampaign': 'staff run every campaign',
  'CouponAdminService/RevokeCoupon': 'staff run every campaign',
  'CouponAdminService/StartIssueList': 'staff run every campaign',
  'CouponAdminService/UpdateCampaign': 'staff run every campaign',
  'CheckoutAdminService/GetCheckout': 'staff see every checkout',
  'MyPageAdminService/GetRebuild': 'staff see every rebuild',
  'CheckoutAdminService/ResolveCheckout': 'staff see every checkout',
  'CheckoutAdminService/RetryCheckout': 'staff see every checkout',
  'ReviewService/CreateReview': "tried with another buyer's line in review's reviews.test",
  'ReviewService/UpdateReview': "tried with another author's in review's reviews.test",
  'ReviewService/DeleteReview': "tried with another author's in review's reviews.test",
  'ReviewService/GetReview': 'reviews are public',
  'ReviewService/ListReviews': 'reviews are public',
  'ReviewService/GetRatingSummary': 'ratings are public',
  'ReviewService/ReplyToReview': "tried with another seller's in review's reviews.test",
  'ReviewService/MarkHelpful': 'reviews are public, and the vote is that of who calls',
  'ReviewService/ReportReview': 'reviews are public, and everybody may report',
  'ReviewService/ModerateReview': 'staff moderate every review',
  'CartService/SetCartItem': 'what is for sale is public, and the cart is that of who calls',
  'CouponService/ClaimCoupon': 'what can be claimed is public',
  'PledgeService/CreatePledge': 'the project is public; the card is tried below',
  'ChatService/DeleteMessage': "tried with another author's in chat's talk.test",
  'ChatService/EditMessage': "tried with another author's in chat's talk.test",
  'ChatService/GetRoom': 'rooms are public',
  'ChatService/JoinRoom': 'rooms are public',
  'ChatService/LeaveRoom': 'rooms are public, and the member is who calls',
  'ChatService/ListMessages': 'rooms are public',
  'ChatService/MarkRead': 'rooms are public, and the member is who calls',
  'ChatService/ReportMessage': 'rooms are public, and everybody may report',
  'ChatService/SendMessage': 'rooms are public, and the author is who calls',
  'ChatService/StreamMessages': 'rooms are public',
  'ModerationService/DecideReport': 'staff moderate every room',
  'ModerationService/FreezeRoom': 'staff moderate every room',
  'ModerationService/HideMessage': 'staff moderate every room',
  'ModerationService/MuteMember': 'staff moderate every room',
  'ModerationService/UnfreezeRoom': 'staff moderate every room',
  'ModerationService/UnhideMessage': 'staff moderate every room',
  'ModerationService/UnmuteMember': 'staff moderate every room',
  'ArchiveService/ApproveRequest': 'compliance sees every room',
  'ArchiveService/CreateHold': 'compliance sees every room',
  'ArchiveService/GetMessageContext': 'compliance sees every room',
  'ArchiveService/GetProof': 'compliance sees every room',
  'ArchiveService/GetRetentionReport': 'compliance sees every room',
  'ArchiveService/ListAccessLog': 'compliance sees every room',
  'ArchiveService/ListCheckpoints': 'compliance sees every room',
  'ArchiveService/ListKeptOfAccount': 'compliance sees every room',
  'ArchiveService/RejectRequest': 'compliance sees every room',
  'ArchiveService/RequestHoldRelease': 'compliance sees every room',
  'ArchiveService/VerifyRoom': 'compliance sees every room',
  'ArchiveService/ExportMessages': "tried with another person's in chat's own tests",
};

const takingIds = listRpcs().filter(
  (rpc) => rpc.access.$case !== 'internal' && requestOf(rpc).fields.some(({ name }) => name !== 'request_id' && /(^|_)id$/.test(name)),
);
const nameOf = ({ service, method }: Rpc) => `${service.split('.').at(-1)}/${method}`;

test('every RPC that takes an id is tried here, or has no owner for a reason', () => {
  assert.equal(takingIds.map(nameOf).toSorted(), [...Object.keys(owned), ...Object.keys(WITHOUT_OWNER)].toSorted());
});

for (const rpc of takingIds.filter((candidate) => nameOf(candidate) in owned)) {
  test(`${nameOf(rpc)} with another person's id finds no more than with nobody's`, async () => {
    const { by, ids, given = {} } = owned[nameOf(rpc)]!;
    const nobodys = Object.fromEntries(Object.keys(ids).map((name) => [name, randomUUID()]));
    const nothing = await send(rpc, by, { ...given, ...nobodys }, 'service');
    assert.match(nothing, /^NOT_FOUND [A-Z]+_NOT_FOUND$/);
    await tally.refuse(both(rpc, by, { ...given, ...ids }, nothing));
  });
}

test("a pledge cannot name another person's card", async () => {
  const billingMethodId = await house.card(owner);
  const createPledge = listRpcs().find((rpc) => nameOf(rpc) === 'PledgeService/CreatePledge')!;
  const given = { projectId, lines: [{ rewardId, quantity: 1 }], billingMethodId };
  await tally.refuse(both(createPledge, stranger, given, 'FAILED_PRECONDITION BILLING_METHOD_UNKNOWN'));
});

test('the owner finds everything as it was', async () => {
  const { pledge } = await owner.pledges.getPledge({ id: pledgeId });
  assert.is(pledge!.lines[0]!.quantity, 1);
  const { payment } = await owner.orderPayments.getPayment({ orderId });
  assert.equal(payment!.attempts, []);
  const { project } = await seller.projects.getProject({ id: projectId });
  assert.equal([project!.summary, project!.rewards.length, project!.rewards[0]!.description], ['', 1, '']);
  assert.is((await seller.projects.getProject({ id: draftId })).project!.state, Project_State.STATE_DRAFT);
  assert.equal((await seller.updates.listUpdates({ projectId })).updates, []);
  assert.is((await owner.oauth.listIdentities({})).identities[0]!.id, identityId);
});

const both = (rpc: Rpc, by: Moa, given: JsonObject, expected: string): Try[] =>
  (['Envoy', 'service'] as const).map((door) => ({
    what: JSON.stringify(given),
    door,
    send: () => send(rpc, by, given, door),
    expected,
  }));

function send(rpc: Rpc, by: Moa, given: JsonObject, door: Try['door']): Promise<string> {
  const options = { token: by.tokens!.accessToken, body: framed(validRequest(rpc, given)) };
  return door === 'Envoy' ? doors.grpc(rpc.path, options) : doors.straight(rpc.domain, rpc.path, options);
}

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
  const { account } = await moa.auth.getMyAccount({});
  const { rows } = await withClient(house.stack.databaseUrls['auth']!, (auth) =>
    auth.query<{ id: string }>(
      `INSERT INTO identity (id, account_id, issuer, subject, provider, create_time)
        VALUES (gen_random_uuid(), $1, 'https://issuer.example', 'somebody', 'example', now()) RETURNING id`,
      [account!.id],
    ),
  );
  return rows[0]!.id;
}

async function placeOrder(by: Moa): Promise<string> {
  const { order } = await by.orders.checkout({
    items: [{ variantId, quantity: 1, price: { currencyCode: 'KRW', amountMinor: 10_000n } }],
    address: { recipient: '김모아', phone: '010-1234-5678', postalCode: '04524', line1: '서울시 중구', line2: '' },
    returnUrl: 'https://shop.example/paid',
  });
  return order!.id;
}

tally.declareLastTest();
test.after(() => doors.close());
test.run();
