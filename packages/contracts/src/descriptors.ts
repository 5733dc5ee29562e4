// The built descriptors: every contract as data, for what works on all of them. Node only.
import { readFileSync } from 'node:fs';
import { createFileRegistry, type DescMessage, type DescMethod, type DescService, type FileRegistry, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { ACCESS_FIELD, CALL_FIELD, EVENT_FIELD, eventFrom, type Policy, policyFrom } from './method.js';

/** All contracts as a FileDescriptorSet. */
export const contractBytes: Uint8Array = readFileSync(new URL('../../moa.binpb', import.meta.url));

/** All contracts, to look messages and services up by name. */
export const contracts: FileRegistry = createFileRegistry(fromBinary(FileDescriptorSetSchema, contractBytes));

/** An RPC with all that its contract says of it. */
export interface Rpc extends Policy {
  /** "moa.funding.v1.PledgeService". */
  readonly service: string;
  /** "CreatePledge". */
  readonly method: string;
  /** "/moa.funding.v1.PledgeService/CreatePledge". */
  readonly path: string;
  /** "funding": the service that serves it. */
  readonly domain: string;
  readonly streams: boolean;
}

/** An event with all that its contract says of it. */
export interface EventContract {
  /** "moa.funding.v1.PledgeCreated". */
  readonly type: string;
  /** The service that publishes it. */
  readonly owner: string;
  /** The field that holds the id of what changed, as its JSON name. */
  readonly key: string;
}

/** Every RPC of Moa, in the order of its contract. Throws when one does not say who may call it. */
export function listRpcs(registry = contracts): Rpc[] {
  return moaServices(registry).flatMap((service) => service.methods.map((method) => describeRpc(service, method)));
}

/** Every event of Moa. */
export function listEvents(registry = contracts): EventContract[] {
  return moaMessages(registry)
    .filter((message) => optionParts(message, EVENT_FIELD).length > 0)
    .map((message) => {
      const { owner, key } = eventFrom(optionParts(message, EVENT_FIELD));
      return { type: message.typeName, owner, key: message.fields.find(({ name }) => name === key)?.jsonName ?? '' };
    });
}

export function moaServices(registry = contracts): DescService[] {
  return [...registry].filter((type): type is DescService => type.kind === 'service' && type.typeName.startsWith('moa.'));
}

export function moaMessages(registry = contracts): DescMessage[] {
  return [...registry].filter((type): type is DescMessage => type.kind === 'message' && type.typeName.startsWith('moa.'));
}

/** "funding" of "moa.funding.v1.PledgeService". */
export const domainOf = (typeName: string): string => typeName.split('.')[1]!;

/** An RPC with its policy. Throws when its contract does not say who may call it. */
export function describeRpc(service: DescService, method: DescMethod): Rpc {
  return {
    ...policyFrom(`${service.typeName}.${method.name}`, optionParts(method, ACCESS_FIELD), optionParts(method, CALL_FIELD)),
    service: service.typeName,
    method: method.name,
    path: `/${service.typeName}/${method.name}`,
    domain: domainOf(service.typeName),
    streams: method.methodKind !== 'unary',
  };
}

function optionParts({ proto }: DescMethod | DescMessage, field: number): Uint8Array[] {
  return (proto.options?.$unknown ?? []).filter(({ no }) => no === field).map(({ data }) => data);
}
