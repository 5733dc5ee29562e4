// Requests are checked by the rules in their contract, with protovalidate.
import { type DescMessage, fromBinary } from '@bufbuild/protobuf';
import { createValidator, type Violation } from '@bufbuild/protovalidate';
import { contracts } from '@moa/contracts/descriptors';
import type { MessageType, MethodDefinition, ServiceDefinition } from '@moa/contracts/method';
import { type FieldViolation, invalid } from './failure.js';
import { quickRules } from './quick-rules.js';

const validator = createValidator({ registry: contracts });

/** Decodes a method's requests. Throws INVALID_ARGUMENT for bytes that are no message, and with each field at fault. */
export function requestReader(service: ServiceDefinition, method: MethodDefinition): (bytes: Uint8Array) => unknown {
  const schema = contracts.getService(service.fullName)!.methods.find(({ name }) => name === method.name)!.input;
  const surelyFits = quickRules(schema) ?? (() => true);
  return (bytes) => {
    const request = decode(method, bytes);
    // Encoded again, so that the rules see exactly what the handler will see: two parsers may read odd bytes differently.
    if (!surelyFits(request)) check(schema, method.requestType.encode(request).finish(), '');
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
