import { randomUUID } from 'node:crypto';
import { AccountAdminServiceDefinition, GetAccountRequest, GrantRoleRequest } from '@moa/contracts/auth/v1/account_admin_service';
import { UpdateProfileRequest, UserServiceDefinition } from '@moa/contracts/user/v1/user_service';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Failure } from '../src/failure.js';
import { requestReader, validateMessage } from '../src/validation.js';

/** The fields at fault. */
function faultsOf(check: () => unknown): string[] {
  try {
    check();
    return [];
  } catch (error) {
    assert.instance(error, Failure);
    assert.is((error as Failure).reason, 'REQUEST_INVALID');
    return (error as Failure).more.violations!.map(({ field }) => field).sort();
  }
}

const update = {
  profile: { name: '김모아', phone: '+821012345678', interestCategories: ['음악'], addresses: [] },
  updateMask: ['name'],
  etag: '1',
};

test('a message that keeps the rules of its contract passes', () => {
  assert.equal(
    faultsOf(() => validateMessage(UpdateProfileRequest, update)),
    [],
  );
});

test('faults are told by their paths, below a path of the caller’s if there is one', () => {
  const wrong = { ...update, profile: { ...update.profile, phone: 'x', interestCategories: ['음악', ''], addresses: [] } };
  const expected = ['profile.interest_categories[1]', 'profile.phone'];
  assert.equal(
    faultsOf(() => validateMessage(UpdateProfileRequest, wrong)),
    expected,
  );
  assert.equal(
    faultsOf(() => validateMessage(UpdateProfileRequest, wrong, 'requests[3]')),
    expected.map((field) => `requests[3].${field}`),
  );
});

test('a length is counted in characters as people do, not in bytes', () => {
  const named = (name: string) =>
    faultsOf(() => validateMessage(UpdateProfileRequest, { ...update, profile: { ...update.profile, name } }));
  assert.equal(named('모'.repeat(50)), []);
  assert.equal(named('모'.repeat(51)), ['profile.name']);
  assert.equal(named('🎸'.repeat(50)), []);
});

test('one of several that must be chosen is missed by its name', () => {
  assert.equal(
    faultsOf(() => validateMessage(GetAccountRequest, { by: undefined })),
    ['by'],
  );
});

test('an enum takes what its contract defines, and not its zero where that is left out', () => {
  const request = (role: number): GrantRoleRequest => ({ requestId: randomUUID(), accountId: randomUUID(), role: role as never });
  assert.equal(
    [0, 1, 3, 99].map((role) => faultsOf(() => validateMessage(GrantRoleRequest, request(role)))),
    [['role'], [], [], ['role']],
  );
});

test('a reader gives the message, or its faults, or says that it is none', () => {
  const read = requestReader(UserServiceDefinition, UserServiceDefinition.methods.updateProfile);
  assert.equal(read(UpdateProfileRequest.encode(update).finish()), update);
  assert.equal(
    faultsOf(() => read(UpdateProfileRequest.encode({ ...update, etag: '' }).finish())),
    ['etag'],
  );
  assert.throws(() => read(Buffer.alloc(9, 0xff)), /REQUEST_INVALID/);
});

test('what a newer caller says and this contract does not know is passed over', () => {
  const read = requestReader(AccountAdminServiceDefinition, AccountAdminServiceDefinition.methods.getAccount);
  const known = GetAccountRequest.encode({ by: { $case: 'email', value: 'someone@moa.test' } }).finish();
  const unknown = Buffer.from([0xfa, 0x06, 0x03, 1, 2, 3]);
  assert.equal(read(Buffer.concat([known, unknown])), { by: { $case: 'email', value: 'someone@moa.test' } });
});

test.run();
