import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { ErrorInfo } from '@moa/contracts/google/rpc/error_details';
import { Status } from '@moa/contracts/google/rpc/status';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Failure, failures, fromGrpcError, invalid, toGrpcError } from '../src/failure.js';

const fail = failures('moa.funding', {
  REWARD_SOLD_OUT: { code: status.FAILED_PRECONDITION, ko: '모두 나갔어요.', en: 'All gone.' },
  PROJECT_NOT_FOUND: status.NOT_FOUND,
});

/** As the caller gets it. */
const overTheWire = (error: unknown): ServiceError => Object.assign(new Error('from afar'), toGrpcError(error, 'request-1'));
const detailsOf = (error: ServiceError) => Status.decode(error.metadata.get('grpc-status-details-bin')[0] as Buffer);

test('a failure arrives as it was thrown: reason, code, facts, fields, retry and texts', () => {
  const thrown = fail(
    'REWARD_SOLD_OUT',
    { rewardId: 'r1', left: 0, raised: 10n ** 18n },
    { retryAfterMs: 1_250, violations: [{ field: 'lines[0].quantity', description: 'too many' }] },
  );
  const arrived = fromGrpcError(overTheWire(thrown)) as Failure;
  assert.instance(arrived, Failure);
  assert.is(arrived.domain, 'moa.funding');
  assert.is(arrived.reason, 'REWARD_SOLD_OUT');
  assert.is(arrived.code, status.FAILED_PRECONDITION);
  assert.equal(arrived.facts, { rewardId: 'r1', left: '0', raised: '1000000000000000000' });
  assert.is(arrived.more.retryAfterMs, 1_250);
  assert.equal(
    arrived.more.violations?.map(({ field, description }) => [field, description]),
    [['lines[0].quantity', 'too many']],
  );
  assert.equal(arrived.texts, { ko: '모두 나갔어요.', en: 'All gone.' });
});

test('it may pass through any number of services', () => {
  const thrown = fail('REWARD_SOLD_OUT', { rewardId: 'r1' }, { retryAfterMs: 500 });
  const twice = fromGrpcError(overTheWire(fromGrpcError(overTheWire(thrown)))) as Failure;
  assert.equal(
    [twice.domain, twice.reason, twice.code, twice.facts, twice.more.retryAfterMs, twice.texts],
    [thrown.domain, thrown.reason, thrown.code, thrown.facts, 500, thrown.texts],
  );
});

test('an error has exactly one ErrorInfo, and the request id for support', () => {
  const { code, message, details } = detailsOf(overTheWire(fail('PROJECT_NOT_FOUND')));
  assert.is(code, status.NOT_FOUND);
  assert.is(message, 'PROJECT_NOT_FOUND');
  assert.equal(
    details.map(({ typeUrl }) => typeUrl),
    ['type.googleapis.com/google.rpc.ErrorInfo', 'type.googleapis.com/google.rpc.RequestInfo'],
  );
  assert.equal(ErrorInfo.decode(details[0]!.value), { reason: 'PROJECT_NOT_FOUND', domain: 'moa.funding', metadata: {} });
});

test('fields at fault are told by their paths', () => {
  const arrived = fromGrpcError(overTheWire(invalid([{ field: 'amount', description: 'must be positive' }]))) as Failure;
  assert.is(arrived.code, status.INVALID_ARGUMENT);
  assert.is(arrived.more.violations?.[0]?.field, 'amount');
});

test('what nobody foresaw leaves without a word about it', () => {
  for (const accident of [new Error('password is hunter2'), 'hunter2', undefined, { code: status.NOT_FOUND, details: 'hunter2' }]) {
    const { code, details, metadata } = toGrpcError(accident, 'request-1');
    assert.equal([code, details, metadata.getMap()], [status.INTERNAL, 'internal error', {}]);
  }
});

test('a service that is away, or too slow, is told as that', () => {
  const bare = (code: status) => fromGrpcError(Object.assign(new Error(), { code, details: '', metadata: new Metadata() }));
  const away = bare(status.UNAVAILABLE) as Failure;
  assert.equal([away.reason, away.code], ['SERVICE_UNAVAILABLE', status.UNAVAILABLE]);
  assert.ok(away.more.retryAfterMs! > 0);
  assert.is((bare(status.DEADLINE_EXCEEDED) as Failure).reason, 'TIMEOUT');
  assert.not.instance(bare(status.INTERNAL), Failure);
});

test('details that are no details are an accident, not a crash', () => {
  const metadata = new Metadata();
  metadata.set('grpc-status-details-bin', Buffer.from('\xff\xff\xff not protobuf', 'latin1'));
  const error = Object.assign(new Error(), { code: status.NOT_FOUND, details: '', metadata });
  assert.not.instance(fromGrpcError(error), Failure);
});

test.run();
