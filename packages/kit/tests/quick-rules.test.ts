// The quick look against the official validator: what it lets pass must be valid, for every request of every contract.
import { create, type DescField, type DescMessage } from '@bufbuild/protobuf';
import { createValidator } from '@bufbuild/protovalidate';
import { contracts, moaServices } from '@moa/contracts/descriptors';
import { CreatePledgeRequest } from '@moa/contracts/funding/v1/pledge_service';
import { randomOf } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { quickRules } from '../src/quick-rules.js';

const ROUNDS = 400;
const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const { next: random, below, pick } = randomOf(seed);
const validator = createValidator({ registry: contracts });
const id = '018f2f3e-0000-7000-8000-000000000001';

// At the edges of what contracts allow, and past them.
const STRINGS = [
  '',
  'a',
  'KRW',
  'krw',
  '2027-03',
  id,
  id.toUpperCase(),
  `${id}0`,
  '004',
  '123-45-67890',
  '가',
  '가나',
  '😀',
  '😀😀😀😀',
  'x'.repeat(50),
  'x'.repeat(51),
  '😀'.repeat(50),
  'x'.repeat(501),
  'a@b.example',
  'https://moa.example/a.png',
  '+821012345678',
];
const NUMBERS = [0, 1, 2, 99, 100, 101, 12, 13, 2019, 2020, 2100, 2101, 1_000_000, 1_000_001];
const BIGINTS = [-1n, 0n, 1n, 1_000_000_000_000n, 1_000_000_000_001n];

test(`whatever it lets pass, the official validator lets pass, too (seed ${seed})`, () => {
  for (const schema of requests()) {
    const surelyFits = quickRules(schema);
    if (!surelyFits) continue;
    for (let round = 0; round < ROUNDS; round++) {
      const message = randomMessage(schema);
      if (!surelyFits(tsProtoOf(schema, message))) continue;
      const result = validator.validate(schema, message as never);
      assert.is(
        result.kind,
        'valid',
        `${schema.typeName} ${JSON.stringify(message, (_, value) => (typeof value === 'bigint' ? String(value) : value))}`,
      );
    }
  }
});

test('it lets an ordinary pledge pass, and leaves one with a wrong field to the official validator', () => {
  const surelyFits = quickRules(contracts.getMessage('moa.funding.v1.CreatePledgeRequest')!)!;
  const pledge = {
    requestId: id,
    projectId: id,
    lines: [{ rewardId: id, quantity: 1 }],
    extra: undefined,
    billingMethodId: id,
    address: undefined,
    couponIds: [],
    pointsMinor: 0n,
  };
  assert.ok(surelyFits(CreatePledgeRequest.decode(CreatePledgeRequest.encode(pledge).finish())));
  assert.not.ok(surelyFits({ ...pledge, lines: [{ rewardId: id, quantity: 0 }] }));
  assert.not.ok(surelyFits({ ...pledge, projectId: 'x' }));
  assert.not.ok(surelyFits({ ...pledge, extra: { currencyCode: 'krw', amountMinor: 1n } }));
});

test('a message without a rule needs no look', () => {
  assert.is(quickRules(contracts.getMessage('moa.auth.v1.GetJwksRequest')!), undefined);
});

const requests = (): DescMessage[] => moaServices().flatMap(({ methods }) => methods.map(({ input }) => input));

type Values = Record<string, unknown>;

function randomMessage(schema: DescMessage, depth = 0): Values {
  const values: Values = {};
  for (const field of schema.fields) {
    const value = randomValue(field, depth);
    if (value === undefined) continue;
    if (field.oneof) values[field.oneof.localName] = { case: field.localName, value };
    else values[field.localName] = value;
  }
  return create(schema, values as never) as unknown as Values;
}

function randomValue(field: DescField, depth: number): unknown {
  if (random() < 0.15 || depth > 4) return undefined;
  switch (field.fieldKind) {
    case 'message':
      return field.message.typeName.startsWith('moa.') ? randomMessage(field.message, depth + 1) : create(field.message);
    case 'list':
      return Array.from({ length: below(3) }, () => (field.message ? randomMessage(field.message, depth + 1) : pick(STRINGS)));
    case 'enum':
      return below(6);
    case 'map':
      return {};
    default:
      return field.scalar === 9
        ? pick(STRINGS)
        : field.scalar === 12
          ? new Uint8Array(3)
          : field.scalar === 8
            ? true
            : field.scalar === 3 || field.scalar === 4
              ? pick(BIGINTS)
              : pick(NUMBERS);
  }
}

// As ts-proto has it: oneofs with $case; what is absent is undefined.
function tsProtoOf(schema: DescMessage, message: Values): Values {
  const values: Values = {};
  for (const { localName } of schema.oneofs) {
    const { case: name, value } = message[localName] as { case?: string; value?: unknown };
    const field = schema.fields.find((candidate) => candidate.localName === name);
    values[localName] = field && { $case: name, value: field.message ? tsProtoOf(field.message, value as Values) : value };
  }
  for (const field of schema.fields) {
    if (field.oneof) continue;
    const value = message[field.localName];
    if (field.fieldKind === 'list' && field.message)
      values[field.localName] = (value as Values[]).map((item) => tsProtoOf(field.message!, item));
    else if (field.fieldKind === 'message' && value !== undefined) values[field.localName] = tsProtoOf(field.message, value as Values);
    else values[field.localName] = value;
  }
  return values;
}

test.run();
