// What a seller sees of his own business through the door, in a house where every service has its own credentials only.
import { FundingPhase } from '@moa/contracts/seller/v1/dashboard';
import { Document_Kind, Verification_State } from '@moa/contracts/seller/v1/verification';
import { until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openHouse } from './house.js';

const house = await openHouse();
const seller = await house.seller();
const admin = await house.admin();
const PRICE = 30_000n;
const OTHER_ACCOUNT = { bankCode: '088', accountNumber: '987654321098', holderName: '김모아' };

test('a pledge shows in the progress of its project, as exactly as in funding', async () => {
  const { projectId, rewardId } = await house.liveProject(seller, { priceMinor: PRICE });
  const backer = await house.person();
  const billingMethodId = await house.card(backer);
  const place = () => backer.pledges.createPledge({ projectId, lines: [{ rewardId, quantity: 2 }], billingMethodId });
  // The card is heard of by event.
  await until(() =>
    place().then(
      () => true,
      () => false,
    ),
  );
  const shown = await until(async () => {
    const { projects, asOf } = await seller.sellerDashboard.getFundingProgress({});
    return asOf && projects[0]?.pledgeCount === 1 && projects[0];
  });
  const { project } = await seller.projects.getProject({ id: projectId });
  assert.equal(
    [shown.projectId, shown.phase, shown.raised, shown.pledgeCount, shown.percent],
    [projectId, FundingPhase.FUNDING_PHASE_LIVE, project!.progress!.raised, 1, project!.progress!.percent],
  );
});

test('a changed settlement account is told to its person by mail', async () => {
  const { account } = await seller.auth.getMyAccount({});
  await seller.sellers.updateSettlementAccount({ settlementAccount: OTHER_ACCOUNT });
  const notice = await until(async () => {
    const response = await fetch(`${house.stack.mailbox!.url}/messages?to=${encodeURIComponent(account!.email)}`);
    const { messages } = (await response.json()) as { messages: { subject: string; text: string }[] };
    return messages.find(({ subject }) => subject.includes('정산 계좌가 변경되었습니다'));
  });
  assert.not.match(notice.text, OTHER_ACCOUNT.accountNumber.slice(-4));
});

test('documents are handed in, seen by staff, and decided on', async () => {
  const documents = [
    {
      kind: Document_Kind.KIND_BUSINESS_REGISTRATION,
      reference: 's3://moa-documents/registration.pdf',
      sha256: 'ab'.repeat(32),
      name: '사업자등록증.pdf',
    },
  ];
  const { verification } = await seller.verifications.submitVerification({ documents });
  const { verifications } = await admin.verifications.listVerifications({});
  assert.equal(verifications, [verification]);
  await admin.verifications.reviewVerification({ id: verification!.id, decision: { $case: 'approve', value: {} } });
  const { seller: seen } = await seller.sellers.getSeller({});
  assert.equal([seen!.verificationState, seen!.verified], [Verification_State.STATE_VERIFIED, true]);
});

test.after(house.close);
test.run();
