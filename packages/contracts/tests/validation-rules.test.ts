// proto/buf/validate/validate.proto declares a part of protovalidate's rules: here it is compared with what the package brings along.
import type { DescEnum, DescExtension, DescField, DescMessage } from '@bufbuild/protobuf';
import { file_buf_validate_validate as official } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { contracts } from '../src/descriptors.js';

const ours = contracts.getFile('buf/validate/validate.proto')!;

const typeOf = (field: DescField | DescExtension) =>
  [field.fieldKind, field.scalar, field.message?.typeName, field.enum?.typeName, field.fieldKind === 'list' && field.listKind].join(' ');

const shapeOf = (field: DescField) => ({
  number: field.number,
  type: typeOf(field),
  presence: field.presence,
  oneof: field.oneof?.name,
});

/** The fields of ours that the original does not have, or has otherwise. */
const strangersIn = (message: DescMessage, original: DescMessage | undefined): string[] =>
  message.fields
    .filter((field) => {
      const there = original?.fields.find(({ name }) => name === field.name);
      return !there || JSON.stringify(shapeOf(field)) !== JSON.stringify(shapeOf(there));
    })
    .map((field) => `${message.typeName}.${field.name}`);

const strangersInEnum = ({ typeName, values }: DescEnum, original: DescEnum | undefined): string[] =>
  values
    .filter(({ name, number }) => original?.values.find((value) => value.name === name)?.number !== number)
    .map(({ name }) => `${typeName}.${name}`);

test('every rule that contracts may use is official: name, number, type and oneof', () => {
  const strangers = [
    ...ours.messages.flatMap((one) =>
      strangersIn(
        one,
        official.messages.find(({ typeName }) => typeName === one.typeName),
      ),
    ),
    ...ours.enums.flatMap((one) =>
      strangersInEnum(
        one,
        official.enums.find(({ typeName }) => typeName === one.typeName),
      ),
    ),
  ];
  assert.equal(strangers, []);
  assert.ok(ours.messages.flatMap(({ fields }) => fields).length > 20);
});

test('rules hang on the same extensions', () => {
  assert.equal(
    ours.extensions.map(({ name }) => name),
    ['field', 'oneof'],
  );
  for (const extension of ours.extensions) {
    const there = official.extensions.find(({ typeName }) => typeName === extension.typeName)!;
    assert.equal(
      [extension.number, extension.extendee.typeName, typeOf(extension)],
      [there.number, there.extendee.typeName, typeOf(there)],
    );
  }
});

test('a rule that was declared wrongly would be noticed', () => {
  const stringRules = ours.messages.find(({ name }) => name === 'StringRules')!;
  const bytesRules = official.messages.find(({ name }) => name === 'BytesRules');
  const strangers = strangersIn(stringRules, bytesRules);
  assert.ok(strangers.includes('buf.validate.StringRules.pattern'), 'another number');
  assert.ok(strangers.includes('buf.validate.StringRules.email'), 'no such field');
  assert.not.ok(strangers.includes('buf.validate.StringRules.min_len'));
});

test.run();
