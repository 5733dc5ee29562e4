// A quick look at a request by its contract's rules: says "surely fits", or "ask protovalidate". Most requests are fine, and a plain
// function over ts-proto's object sees that in well under a microsecond, where the official validator has to read the message again.
// It never decides that a request is wrong, and whatever rule it does not know, it leaves to the official one, which is the oracle of its
// tests.
import { type DescField, type DescMessage, getExtension, hasExtension, type Message } from '@bufbuild/protobuf';
import { contracts } from '@moa/contracts/descriptors';

/** True when a value surely fits; false when that takes a closer look. */
// biome-ignore lint/suspicious/noExplicitAny: values of whatever message, as ts-proto decodes it.
type Fits = (value: any) => boolean;

/** The rules of a field: buf.validate.FieldRules as protobuf-es reads them. */
interface Rules extends Message {
  readonly required: boolean;
  readonly ignore: number;
  readonly type: { readonly case: string; readonly value: Record<string, unknown> } | { readonly case: undefined };
}

const IGNORE_ALWAYS = 3;
const UUID = /^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/;
const fieldRules = contracts.getExtension('buf.validate.field')!;
const oneofRules = contracts.getExtension('buf.validate.oneof')!;
const never: Fits = () => false;

/** Compiles a message's rules, and those below it. Undefined when there are none. */
export function quickRules(schema: DescMessage, above: readonly DescMessage[] = []): Fits | undefined {
  // A message that holds itself is left to the official validator.
  if (above.includes(schema)) return never;
  const parts: Fits[] = [];
  for (const field of schema.fields) {
    const fits = ofField(field, [...above, schema]);
    if (fits) parts.push(field.oneof ? inOneof(field.oneof.localName, field.localName, fits) : at(field.localName, fits));
  }
  for (const { localName, proto } of schema.oneofs) {
    if (proto.options && hasExtension(proto.options, oneofRules)) parts.push((message) => message[localName] !== undefined);
  }
  if (parts.length === 0) return undefined;
  return (message) => parts.every((fits) => fits(message));
}

const at =
  (name: string, fits: Fits): Fits =>
  (message) =>
    fits(message[name]);

const inOneof =
  (oneof: string, name: string, fits: Fits): Fits =>
  (message) =>
    message[oneof]?.$case !== name || fits(message[oneof].value);

function ofField(field: DescField, above: readonly DescMessage[]): Fits | undefined {
  const options = field.proto.options;
  const rules = options && hasExtension(options, fieldRules) ? (getExtension(options, fieldRules) as Rules) : undefined;
  if (rules?.ignore === IGNORE_ALWAYS) return undefined;
  if (rules?.ignore) return never;
  if (field.fieldKind === 'list') return ofList(field.message, rules, above);
  const fits = field.fieldKind === 'message' ? quickRules(field.message, above) : rules && ofRules(rules, field);
  if (rules?.required && field.fieldKind !== 'message') return never;
  if (!fits && !rules?.required) return undefined;
  // Absent: scalars without presence never are.
  return (value) => (value === undefined ? !rules?.required : (fits?.(value) ?? true));
}

function ofList(message: DescMessage | undefined, rules: Rules | undefined, above: readonly DescMessage[]): Fits | undefined {
  const { minItems = 0n, maxItems, items, ...others } = valuesOf(rules, 'repeated');
  if (rules?.required || Object.keys(others).length > 0) return never;
  const ofItem = message ? quickRules(message, above) : items ? ofRules(items as Rules) : undefined;
  if (!rules && !ofItem) return undefined;
  const [min, max] = [Number(minItems), maxItems === undefined ? Number.POSITIVE_INFINITY : Number(maxItems)];
  return (list: unknown[]) => list.length >= min && list.length <= max && (ofItem === undefined || list.every(ofItem));
}

function ofRules(rules: Rules, field?: DescField): Fits {
  const kind = rules.type.case;
  const values = valuesOf(rules, kind);
  switch (kind) {
    case 'string':
      return ofString(values);
    case 'uint32':
    case 'int64':
      return ofNumber(values);
    case 'enum':
      return ofEnum(values, field);
    default:
      return never;
  }
}

function ofString({ minLen = 0n, maxLen, pattern, wellKnown, ...others }: Record<string, unknown>): Fits {
  if (Object.keys(others).length > 0) return never;
  const { case: known, value } = (wellKnown ?? {}) as { case?: string; value?: boolean };
  if (known !== undefined && (known !== 'uuid' || value !== true)) return never;
  // Rules count characters, strings are counted in UTF-16: a character has one unit or two.
  const min = Number(minLen) <= 1 ? Number(minLen) : Number(minLen) * 2;
  const max = maxLen === undefined ? Number.POSITIVE_INFINITY : Number(maxLen);
  const regex = pattern === undefined ? undefined : new RegExp(pattern as string, 'u');
  return (text: string) =>
    text.length >= min && text.length <= max && (known === undefined || UUID.test(text)) && (regex === undefined || regex.test(text));
}

function ofNumber({ lessThan, greaterThan, ...others }: Record<string, unknown>): Fits {
  if (Object.keys(others).length > 0) return never;
  const below = lessThan as { case?: string; value: number | bigint } | undefined;
  const above = greaterThan as { case?: string; value: number | bigint } | undefined;
  return (value: number | bigint) =>
    (below?.case === undefined || (below.case === 'lt' ? value < below.value : value <= below.value)) &&
    (above?.case === undefined || (above.case === 'gt' ? value > above.value : value >= above.value));
}

function ofEnum({ definedOnly, notIn = [], ...others }: Record<string, unknown>, field: DescField | undefined): Fits {
  if (Object.keys(others).length > 0 || field?.fieldKind !== 'enum') return never;
  const defined = new Set(field.enum.values.map(({ number }) => number));
  const refused = new Set(notIn as number[]);
  return (value: number) => (!definedOnly || defined.has(value)) && !refused.has(value);
}

// The rules that are set, by name. What protobuf-es keeps for itself starts with a dollar sign.
function valuesOf(rules: Rules | undefined, kind: string | undefined): Record<string, unknown> {
  if (rules === undefined || kind === undefined || rules.type.case !== kind) return {};
  return Object.fromEntries(
    Object.entries(rules.type.value).filter(([name, value]) => !name.startsWith('$') && value !== undefined && !isEmpty(value)),
  );
}

const isEmpty = (value: unknown): boolean =>
  (Array.isArray(value) && value.length === 0) ||
  (typeof value === 'object' && value !== null && 'case' in value && value.case === undefined);
