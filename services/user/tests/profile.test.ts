import { status } from '@grpc/grpc-js';
import { AccountCreated } from '@moa/contracts/auth/v1/auth_events';
import { ProfileUpdated } from '@moa/contracts/user/v1/user_events';
import { reasonOf, until, violationsOf } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { emailOf, openUser, refusal } from './support.js';

const house = await openUser('profile');
const { events, person, users } = house;

const change = (values: { name?: string; phone?: string; interestCategories?: string[] }) => ({
  name: '',
  phone: '',
  interestCategories: [],
  addresses: [],
  ...values,
});

test('a new account has a profile, with the address that auth knows', async () => {
  const { id, as } = await person();
  const time = new Date('2026-11-01T00:00:00Z');
  await events.publish(AccountCreated, { accountId: id }, { time });
  const { profile } = await until(async () => {
    const answer = await users.getProfile({}, as);
    return answer.profile!.createTime && answer;
  });
  assert.equal(profile, {
    accountId: id,
    email: emailOf(id),
    name: '',
    phone: '',
    interestCategories: [],
    addresses: [],
    etag: 'v0',
    createTime: time,
  });
});

test('before the event has arrived the profile is empty, and can be changed all the same', async () => {
  const { id, as } = await person();
  const { profile } = await users.getProfile({}, as);
  assert.equal([profile!.accountId, profile!.email, profile!.createTime], [id, emailOf(id), undefined]);
  await users.updateProfile({ profile: change({ name: '김모아' }), updateMask: ['name'], etag: profile!.etag }, as);

  const time = new Date('2026-11-01T00:00:00Z');
  await events.publish(AccountCreated, { accountId: id }, { time });
  const later = await until(async () => {
    const answer = await users.getProfile({}, as);
    return answer.profile!.createTime?.getTime() === time.getTime() && answer;
  });
  assert.equal([later.profile!.name, later.profile!.etag], ['김모아', 'v1']);
});

test('an update changes what its mask names and nothing else, and tells which fields', async () => {
  const heard = await events.listen(ProfileUpdated);
  const { id, as } = await person();
  const first = await users.updateProfile(
    { profile: change({ name: ' 김모아 ', phone: '+821012345678' }), updateMask: ['name', 'phone'], etag: 'v0' },
    as,
  );
  const second = await users.updateProfile(
    {
      profile: change({ name: '무시', interestCategories: ['공예', '출판', '공예'] }),
      updateMask: ['interest_categories'],
      etag: first.profile!.etag,
    },
    as,
  );
  const { name, phone, interestCategories, email } = second.profile!;
  assert.equal(
    { name, phone, interestCategories, email },
    { name: '김모아', phone: '+821012345678', interestCategories: ['공예', '출판'], email: emailOf(id) },
  );
  assert.equal((await users.getProfile({}, as)).profile!.etag, second.profile!.etag);
  await until(() => heard.length === 2);
  assert.equal(heard, [
    { accountId: id, changedFields: ['name', 'phone'] },
    { accountId: id, changedFields: ['interest_categories'] },
  ]);
});

test('a stale etag changes nothing', async () => {
  const { as } = await person();
  const { profile } = await users.updateProfile({ profile: change({ name: '하나' }), updateMask: ['name'], etag: 'v0' }, as);
  const error = await refusal(users.updateProfile({ profile: change({ name: '둘' }), updateMask: ['name'], etag: 'v0' }, as));
  assert.equal([error.code, reasonOf(error)], [status.ABORTED, 'ETAG_STALE']);
  assert.equal([(await users.getProfile({}, as)).profile!.name, profile!.etag], ['하나', 'v1']);
});

test('of 20 updates of the same version at once one is made', async () => {
  const { as } = await person();
  const answers = await Promise.allSettled(
    Array.from({ length: 20 }, (_, index) =>
      users.updateProfile({ profile: change({ name: `이름 ${index}` }), updateMask: ['name'], etag: 'v0' }, as),
    ),
  );
  const reasons = answers.flatMap((answer) => (answer.status === 'rejected' ? [reasonOf(answer.reason)] : []));
  assert.equal([reasons.length, [...new Set(reasons)]], [19, ['ETAG_STALE']]);
  assert.is((await users.getProfile({}, as)).profile!.etag, 'v1');
});

test('addresses are kept in their order, and a wrong one is told', async () => {
  const { as } = await person();
  const home = { recipient: '김모아', phone: '010-1234-5678', postalCode: '04524', line1: '서울시 중구 세종대로 110', line2: '' };
  const office = { ...home, line1: '서울시 강남구 테헤란로 1' };
  const updateMask = ['addresses'];
  await users.updateProfile({ profile: { ...change({}), addresses: [home, office] }, updateMask, etag: 'v0' }, as);
  assert.equal((await users.getProfile({}, as)).profile!.addresses, [home, office]);
  const wrong = { ...change({}), addresses: [{ ...home, postalCode: '1' }] };
  const error = await refusal(users.updateProfile({ profile: wrong, updateMask, etag: 'v1' }, as));
  assert.equal(
    violationsOf(error).map(({ field }) => field),
    ['profile.addresses[0].postal_code'],
  );
});

test('each field at fault is told', async () => {
  const { as } = await person();
  const profile = change({ name: '이'.repeat(51), phone: '010-1234-5678', interestCategories: [''] });
  const error = await refusal(users.updateProfile({ profile, updateMask: ['name'], etag: 'v0' }, as));
  assert.is(error.code, status.INVALID_ARGUMENT);
  assert.equal(
    violationsOf(error).map(({ field }) => field),
    ['profile.name', 'profile.phone', 'profile.interest_categories[0]'],
  );
});

test('a mask names at least one field, and only those that a person may change', async () => {
  const { as } = await person();
  for (const updateMask of [[], ['email'], ['name', 'account_id']]) {
    const error = await refusal(users.updateProfile({ profile: change({}), updateMask, etag: 'v0' }, as));
    assert.equal([error.code, reasonOf(error)], [status.INVALID_ARGUMENT, 'UPDATE_MASK_WRONG']);
    assert.equal(
      violationsOf(error).map(({ field }) => field),
      ['update_mask'],
    );
  }
});

test('a person changes his own profile and no other', async () => {
  const [one, other] = [await person(), await person()];
  await users.updateProfile({ profile: change({ name: '하나' }), updateMask: ['name'], etag: 'v0' }, one.as);
  assert.equal((await users.getProfile({}, other.as)).profile!.name, '');
});

test('a profile needs an account', async () => {
  const calls: Promise<unknown>[] = [
    users.getProfile({}),
    users.updateProfile({ profile: change({}), updateMask: ['name'], etag: 'v0' }),
    users.getMyPage({}),
  ];
  for (const error of await Promise.all(calls.map(refusal))) assert.is(error.code, status.UNAUTHENTICATED);
});

test('while auth is away My Page opens, and the profile says to come again', async () => {
  const { id, as } = await person();
  await users.getMyPage({}, as);
  await house.stopAuth();
  assert.is((await users.getMyPage({}, as)).profile!.accountId, id);
  assert.is((await refusal(users.getProfile({}, as))).code, status.UNAVAILABLE);
});

test.after(house.close);
test.run();
