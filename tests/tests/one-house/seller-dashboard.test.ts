// What a seller sees of his own business through the door, in a house where every service has its own credentials only.
import { Pledge_State } from '@moa/contracts/funding/v1/pledge';
import { Settlement_Kind } from '@moa/contracts/payment/v1/settlement';
import { FundingPhase } from '@moa/contracts/seller/v1/dashboard';
import { DownloadSettlementStatementRequest_Format as Format } from '@moa/contracts/seller/v1/statement_service';
import { Document_Kind, Verification_State } from '@moa/contracts/seller/v1/verification';
import { withClient } from '@moa/stack';
import { until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { theHouse } from '../house.js';

const house = await theHouse();
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

test('a project that is paid is settled, paid out by two people, and its statement comes as lines, as CSV and as a page', async () => {
  const { projectId, rewardId } = await house.liveProject(seller, { priceMinor: PRICE, goalMinor: PRICE });
  const backer = await house.person();
  const billingMethodId = await house.card(backer);
  const pledge = await until(() =>
    backer.pledges.createPledge({ projectId, lines: [{ rewardId, quantity: 1 }], billingMethodId }).then(
      (response) => response.pledge,
      () => undefined,
    ),
  );
  await withClient(house.stack.databaseUrls['funding']!, (funding) =>
    funding.query('UPDATE project SET close_time = $2 WHERE id = $1', [projectId, house.stack.now()]),
  );
  await until(async () => (await backer.pledges.getPledge({ id: pledge.id })).pledge!.state === Pledge_State.STATE_PAID);
  const { settlement } = await admin.settlements.createSettlement({ projectId, kind: Settlement_Kind.KIND_EARLY });
  const { settlements } = await until(async () => {
    const found = await seller.sellerDashboard.listSettlements({});
    return found.settlements.length > 0 && found;
  });
  assert.equal([settlements[0]!.settlementId, settlements[0]!.net], [settlement!.id, settlement!.net]);

  const statement = await seller.statements.getSettlementStatement({ settlementId: settlement!.id });
  assert.equal(
    statement.lines.map(({ pledgeId, gross }) => [pledgeId, gross!.amountMinor]),
    [[pledge.id, PRICE]],
  );
  const file = async (format: Format) => {
    const pieces = [];
    for await (const piece of seller.statements.downloadSettlementStatement({ settlementId: settlement!.id, format })) pieces.push(piece);
    return { ...pieces[0]!, text: Buffer.concat(pieces.map(({ data }) => data)).toString('utf8') };
  };
  const csv = await file(Format.FORMAT_CSV);
  assert.equal([csv.fileName, csv.mediaType], [`statement-${settlement!.id}.csv`, 'text/csv; charset=utf-8']);
  assert.is(csv.text.trim().split('\r\n').length, 2);
  assert.match(csv.text, pledge.id);
  const page = await file(Format.FORMAT_PAGE);
  assert.match(page.text, /<!doctype html>[\s\S]*<\/html>/);
  const stranger = await house.seller();
  const settlementId = settlement!.id;
  const reads: (() => Promise<unknown>)[] = [
    () => stranger.statements.getSettlementStatement({ settlementId }),
    () => stranger.statements.downloadSettlementStatement({ settlementId, format: Format.FORMAT_CSV })[Symbol.asyncIterator]().next(),
  ];
  for (const read of reads) {
    const refusal = await read().catch((error) => error.reason);
    assert.is(refusal, 'SETTLEMENT_NOT_FOUND');
  }
});

test.run();
