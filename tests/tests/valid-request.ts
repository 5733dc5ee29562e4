// Requests made up from the contracts: each is what its rules take, so that a refusal is never for the body's sake.
import { randomUUID } from 'node:crypto';
import { type DescField, type DescMessage, fromJson, getExtension, hasExtension, type JsonObject, toBinary } from '@bufbuild/protobuf';
import { createValidator } from '@bufbuild/protovalidate';
import { contracts, type Rpc } from '@moa/contracts/descriptors';

/** What buf.validate says of a field. */
interface Rules {
  readonly required?: boolean;
  readonly type: { readonly case?: string; readonly value?: Readonly<Record<string, unknown>> };
}

const WELL_KNOWN: Readonly<Record<string, string>> = {
  'google.protobuf.Timestamp': '2030-01-01T00:00:00Z',
  'google.protobuf.FieldMask': '',
};
const fieldRules = contracts.getExtension('buf.validate.field')!;
const oneofRules = contracts.getExtension('buf.validate.oneof')!;
const validator = createValidator({ registry: contracts });

/** A request of an RPC as bytes: what is given, by JSON names, and what its rules want besides. Throws when they would not take it. */
export function validRequest({ service, method }: Pick<Rpc, 'service' | 'method'>, given: JsonObject = {}): Uint8Array {
  const schema = requestOf({ service, method });
  const request = fromJson(schema, { ...messageFor(schema, Object.keys(given)), ...given }, { registry: contracts });
  const { kind, error } = validator.validate(schema, request);
  if (kind !== 'valid') throw new Error(`no good ${schema.typeName} could be made up`, { cause: error });
  return toBinary(schema, request);
}

/** The message that an RPC takes. */
export const requestOf = ({ service, method }: Pick<Rpc, 'service' | 'method'>): DescMessage =>
  contracts.getService(service)!.methods.find(({ name }) => name === method)!.input;

function messageFor(schema: DescMessage, given: readonly string[] = []): JsonObject {
  const chosen = schema.oneofs
    .filter(({ proto, fields }) => isRequired(proto.options) && !fields.some(({ jsonName }) => given.includes(jsonName)))
    .map(({ fields }) => fields[0]!);
  const alone = schema.fields.filter(({ oneof, proto }) => !oneof && !proto.proto3Optional);
  return Object.fromEntries([...alone, ...chosen].flatMap((field) => valueFor(field).map((value) => [field.jsonName, value])));
}

const isRequired = (options: Parameters<typeof hasExtension>[0] | undefined) =>
  options !== undefined && hasExtension(options, oneofRules) && (getExtension(options, oneofRules) as { required?: boolean }).required;

// None for a field that may be left out.
function valueFor(field: DescField): (JsonObject | string | number | (JsonObject | string | number)[])[] {
  const options = field.proto.options;
  const rules = options && hasExtension(options, fieldRules) ? (getExtension(options, fieldRules) as Rules) : undefined;
  const limits = rules?.type.value ?? {};
  switch (field.fieldKind) {
    case 'message':
      return rules?.required || field.oneof ? [messageOrText(field.message)] : [];
    case 'list': {
      const item = field.message ? messageOrText(field.message) : scalarFor(limits['items'] as Rules | undefined);
      return [Array.from({ length: Number(limits['minItems'] ?? 0) }, () => item)];
    }
    case 'enum': {
      const refused = (limits['notIn'] ?? []) as number[];
      return [field.enum.values.find(({ number }) => !refused.includes(number))!.number];
    }
    case 'scalar':
      return rules ? [scalarFor(rules)] : [];
    case 'map':
      return [];
  }
}

const messageOrText = (schema: DescMessage) => WELL_KNOWN[schema.typeName] ?? messageFor(schema);

function scalarFor(rules: Rules | undefined): string | number {
  const { case: kind, value: limits = {} } = rules?.type ?? {};
  const least = Number(limits['minLen'] ?? 0);
  if (kind === 'bytes') return Buffer.alloc(least).toString('base64');
  if (kind !== 'string') return numberFor(limits['greaterThan'] as { case?: string; value?: bigint } | undefined);
  const { case: known } = (limits['wellKnown'] ?? {}) as { case?: string };
  if (known === 'uuid') return randomUUID();
  if (known === 'email') return `${randomUUID()}@moa.example`;
  if (known === 'uri') return 'https://moa.example';
  return limits['pattern'] ? textFor(limits['pattern'] as string) : 'x'.repeat(least);
}

const numberFor = (above: { case?: string; value?: bigint } | undefined) =>
  above?.value === undefined ? 0 : Number(above.value) + (above.case === 'gt' ? 1 : 0);

/** The shortest text that a pattern takes, of the patterns that contracts use: literals, classes, groups, alternatives, counts. */
function textFor(pattern: string): string {
  let at = 0;
  const sequence = (): string => {
    let text = '';
    while (at < pattern.length && !')|'.includes(pattern[at]!)) text += one().repeat(count());
    // The first alternative will do; the others are passed over.
    while (pattern[at] === '|') {
      at++;
      sequence();
    }
    return text;
  };
  const one = (): string => {
    const character = pattern[at++]!;
    if (character === '^' || character === '$') return '';
    if (character === '\\') return pattern[at++]!;
    const isGroup = character === '(';
    if (!isGroup && character !== '[') return character;
    // A class that begins with a property, \p{L}, takes a letter.
    const text = isGroup ? sequence() : pattern.startsWith('\\p{', at) ? 'x' : pattern[at]!;
    at = isGroup ? at + 1 : pattern.indexOf(']', at) + 1;
    return text;
  };
  const count = (): number => {
    const [written = '', least] = /^(?:\?|\*|\+|\{(\d+)[^}]*\})/.exec(pattern.slice(at)) ?? [];
    at += written.length;
    return written === '' || written === '+' ? 1 : Number(least ?? 0);
  };
  return sequence();
}
