// Requests are checked by the rules in their contract, with protovalidate.
import { type DescMessage, fromBinary } from '@bufbuild/protobuf';
import { createValidator, type Violation } from '@bufbuild/protovalidate';
import { contracts } from '@moa/contracts/descriptors';
import type { MessageType, MethodDefinition, ServiceDefinition } from '@moa/contracts/method';
import { type FieldViolation, invalid } from './failure.js';

const validator = createValidator({ registry: contracts });

/** Decodes a method's requests. Throws INVALID_ARGUMENT for bytes that are no message, and with each field at fault. */
export function requestReader(service: ServiceDefinition, method: MethodDefinition): (bytes: Uint8Array) => unknown {
  const schema = contracts.getService(service.fullName)!.methods.find(({ name }) => name === method.name)!.input;
  const hasRules = reachesRules(schema);
  return (bytes) => {
    const request = decode(method, bytes);
    // Encoded again, so that the rules see exactly what the handler will see: two parsers may read odd bytes differently.
    if (hasRules) check(schema, method.requestType.encode(request).finish(), '');
    return request;
  };
}

/**
 * Checks a message by the rules of its contract: for one that was put together in a handler. `path` stands before the fields.
 * Throws INVALID_ARGUMENT with each field at fault.
 */
export function validateMessage<T>(type: MessageType<T>, message: T, path = ''): void {
  check(contracts.getMessage(type.$type!)!, type.encode(message).finish(), path);
}

function check(schema: DescMessage, bytes: Uint8Array, path: string): void {
  const result = validator.validate(schema, fromBinary(schema, bytes));
  if (result.kind === 'error') throw result.error;
  if (result.kind === 'invalid') throw invalid(result.violations.map((violation) => violationOf(violation, path)));
}

function violationOf(violation: Violation, path: string): FieldViolation {
  const field = violation.toString().split(':')[0]!;
  return { field: path ? `${path}.${field}` : field, description: violation.message };
}

function decode(method: MethodDefinition, bytes: Uint8Array): unknown {
  try {
    return method.requestType.decode(bytes);
  } catch {
    throw invalid([]);
  }
}

// A message without a rule in or below it needs no second look.
function reachesRules(schema: DescMessage, seen = new Set<DescMessage>()): boolean {
  if (seen.has(schema)) return false;
  seen.add(schema);
  const ruled = (options: { $unknown?: { no: number }[] | undefined } | undefined) =>
    options?.$unknown?.some(({ no }) => no === RULES_FIELD) ?? false;
  return (
    schema.oneofs.some(({ proto }) => ruled(proto.options)) ||
    schema.fields.some((field) => ruled(field.proto.options) || (field.message !== undefined && reachesRules(field.message, seen)))
  );
}

// buf.validate's extension of field and oneof options.
const RULES_FIELD = 1159;
