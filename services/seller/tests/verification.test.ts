import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { Document_Kind, Verification_State as State } from '@moa/contracts/seller/v1/verification';
import { reasonOf, violationsOf } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { document, openSeller, refusal, registration } from './support.js';

const house = await openSeller('verification');
const { approved, asAdmin, bed, database, registered, sellers, verifications } = house;
type As = Awaited<ReturnType<typeof registered>>['as'];

const submit = (as: As, documents = [document()], requestId = randomUUID()) =>
  verifications.submitVerification({ requestId, documents }, as).then(({ verification }) => verification!);
const approve = (id: string) =>
  verifications.reviewVerification({ requestId: randomUUID(), id, decision: { $case: 'approve', value: {} } }, asAdmin);
const reject = (id: string, reason = '글자가 보이지 않습니다.') =>
  verifications.reviewVerification({ requestId: randomUUID(), id, decision: { $case: 'reject', value: { reason } } }, asAdmin);

async function shown(as: As) {
  const { seller } = await sellers.getSeller({}, as);
  return [seller!.verificationState, seller!.verified, seller!.verificationRejectionReason];
}

test('documents wait for a decision, and a yes makes the seller verified', async () => {
  const { as, id, seller } = await registered();
  assert.equal(await shown(as), [State.STATE_NONE, false, '']);
  const documents = [document(), document({ name: '통장 사본.png', kind: Document_Kind.KIND_BANK_BOOK })];
  const verification = await submit(as, documents);
  assert.equal(
    [verification.sellerId, verification.companyName, verification.businessNumber, verification.state, verification.documents],
    [id, seller.companyName, seller.businessNumber, State.STATE_SUBMITTED, documents],
  );
  assert.equal(await shown(as), [State.STATE_SUBMITTED, false, '']);

  const { verification: decided } = await approve(verification.id);
  assert.equal([decided!.state, decided!.reviewTime! <= bed.now()], [State.STATE_VERIFIED, true]);
  assert.equal(await shown(as), [State.STATE_VERIFIED, true, '']);
});

test('a no says why, and the next documents may do', async () => {
  const { as, id } = await approved();
  await reject((await submit(as)).id, '다른 회사의 서류입니다.');
  assert.equal(await shown(as), [State.STATE_REJECTED, false, '다른 회사의 서류입니다.']);
  await approve((await submit(as)).id);
  assert.equal(await shown(as), [State.STATE_VERIFIED, true, '']);

  const { verifications: history } = await verifications.listVerifications({ sellerId: id, pageSize: 0, pageToken: '' }, asAdmin);
  assert.equal(
    history.map(({ state, rejectionReason, documents }) => [state, rejectionReason, documents.length]),
    [
      [State.STATE_REJECTED, '다른 회사의 서류입니다.', 1],
      [State.STATE_VERIFIED, '', 1],
    ],
  );
});

test('a verified seller stays so while a renewal waits; its rejection ends that', async () => {
  const { as } = await approved();
  await approve((await submit(as)).id);
  const renewal = await submit(as);
  assert.equal(await shown(as), [State.STATE_SUBMITTED, true, '']);
  await reject(renewal.id, '기간이 지났습니다.');
  assert.equal(await shown(as), [State.STATE_REJECTED, false, '기간이 지났습니다.']);
});

test('one set of documents waits at a time, also when 20 are handed in at once', async () => {
  const { as } = await registered();
  const answers = await Promise.allSettled(Array.from({ length: 20 }, () => submit(as)));
  const reasons = answers.flatMap((answer) => (answer.status === 'rejected' ? [reasonOf(answer.reason)] : []));
  assert.equal([reasons.length, [...new Set(reasons)]], [19, ['VERIFICATION_WAITING']]);
});

test('the same request raced 20 times is one set of documents with one answer', async () => {
  const { as, id } = await registered();
  const [documents, requestId] = [[document()], randomUUID()];
  const answers = await Promise.all(Array.from({ length: 20 }, () => submit(as, documents, requestId)));
  for (const answer of answers) assert.equal(answer, answers[0]);
  assert.is(reasonOf(await refusal(submit(as, [document()], requestId))), 'REQUEST_ID_REUSED');
  const { rowCount } = await database.query('SELECT FROM verification WHERE seller_id = $1', [id]);
  assert.is(rowCount, 1);
});

test('of ten decisions at once one counts', async () => {
  const { as } = await registered();
  const { id } = await submit(as);
  const answers = await Promise.allSettled(Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? approve(id) : reject(id))));
  const reasons = answers.flatMap((answer) => (answer.status === 'rejected' ? [reasonOf(answer.reason)] : []));
  assert.equal([reasons.length, [...new Set(reasons)]], [9, ['VERIFICATION_DECIDED']]);
  const { rows } = await database.query('SELECT state FROM verification WHERE id = $1', [id]);
  const verified = rows[0].state === 'VERIFIED';
  assert.equal((await shown(as)).slice(0, 2), [verified ? State.STATE_VERIFIED : State.STATE_REJECTED, verified]);
});

test('a rejected registration takes its documents with it, and what was verified of it proves nothing of the next', async () => {
  const { as, id, seller } = await registered();
  await approve((await submit(as)).id);
  const waiting = await submit(as);
  await sellers.rejectSeller({ requestId: randomUUID(), sellerId: id, reason: '폐업한 사업자입니다.' }, asAdmin);
  assert.equal(await shown(as), [State.STATE_REJECTED, false, '폐업한 사업자입니다.']);
  assert.is(reasonOf(await refusal(approve(waiting.id))), 'VERIFICATION_DECIDED');
  const refused = await refusal(submit(as));
  assert.equal([refused.code, reasonOf(refused)], [status.FAILED_PRECONDITION, 'REGISTRATION_REJECTED']);

  await sellers.registerSeller({ ...registration(), companyName: '새 이름' }, as);
  assert.equal(await shown(as), [State.STATE_NONE, false, '']);
  const next = await submit(as);
  assert.equal([next.companyName, next.businessNumber === seller.businessNumber], ['새 이름', false]);
});

test('approving a registration neither needs documents nor verifies anything', async () => {
  const { as } = await approved();
  assert.equal(await shown(as), [State.STATE_NONE, false, '']);
});

test('what waits is listed oldest first, page by page, each once', async () => {
  await database.query('DELETE FROM verification_document; DELETE FROM verification');
  const waiting = [];
  for (let count = 0; count < 5; count++) waiting.push((await submit((await registered()).as)).id);
  await approve((await submit((await registered()).as)).id);
  const listed: string[] = [];
  let pageToken = '';
  do {
    const page = await verifications.listVerifications({ pageSize: 2, pageToken }, asAdmin);
    listed.push(...page.verifications.map(({ id }) => id));
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  assert.equal(listed, waiting);

  const { nextPageToken } = await verifications.listVerifications({ pageSize: 1, pageToken: '' }, asAdmin);
  const ofAnother = { sellerId: randomUUID(), pageSize: 1, pageToken: nextPageToken };
  assert.is(reasonOf(await refusal(verifications.listVerifications(ofAnother, asAdmin))), 'PAGE_TOKEN_INVALID');
});

test('a document is a reference without a key in it, a hash and a name: each field at fault is told', async () => {
  const { as } = await registered();
  const references = [
    'data:application/pdf;base64,JVBERi0=',
    'file:///etc/passwd',
    'http://documents.example/a.pdf',
    'https://documents.example/a.pdf?signature=abc',
    'https://somebody@documents.example/a.pdf',
    'documents/a.pdf',
  ];
  for (const reference of references) {
    const error = await refusal(submit(as, [document({ reference })]));
    assert.equal(
      [error.code, violationsOf(error).map(({ field }) => field)],
      [status.INVALID_ARGUMENT, ['documents[0].reference']],
      reference,
    );
  }
  const error = await refusal(submit(as, [document(), document({ sha256: 'x', name: '', kind: Document_Kind.KIND_UNSPECIFIED })]));
  assert.equal(
    violationsOf(error).map(({ field }) => field),
    ['documents[1].kind', 'documents[1].sha256', 'documents[1].name'],
  );
  for (const count of [0, 11]) {
    const ofCount = await refusal(
      submit(
        as,
        Array.from({ length: count }, () => document()),
      ),
    );
    assert.is(ofCount.code, status.INVALID_ARGUMENT);
  }
  await submit(as, [document({ reference: 'https://documents.example/2026/%EC%84%9C%EB%A5%98.pdf' })]);
});

test('who is not registered has nothing to verify, and documents that nobody handed in are not found', async () => {
  const none = await refusal(submit(await bed.as(randomUUID())));
  assert.equal([none.code, reasonOf(none)], [status.NOT_FOUND, 'SELLER_NOT_FOUND']);
  const unknown = await refusal(approve(randomUUID()));
  assert.equal([unknown.code, reasonOf(unknown)], [status.NOT_FOUND, 'VERIFICATION_NOT_FOUND']);
});

test('a partner learns nothing of documents', async () => {
  const { as, id } = await approved();
  await reject((await submit(as)).id);
  const partner = await bed.token(randomUUID(), { roles: ['PARTNER'], scope: 'sellers:read' });
  const metadata = await bed.as(randomUUID());
  metadata.set('authorization', `Bearer ${partner}`);
  const { sellers: listed } = await sellers.listSellers({ state: 0, pageSize: 100, pageToken: '' }, metadata);
  const seen = listed.find((seller) => seller.id === id)!;
  assert.equal([seen.verificationState, seen.verified, seen.verificationRejectionReason], [State.STATE_UNSPECIFIED, false, '']);
});

test.after(house.close);
test.run();
