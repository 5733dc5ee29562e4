// The contracts with their comments, and the places in proto/ where things stand.
import { readFileSync } from 'node:fs';
import { createFileRegistry, type DescFile, type DescMessage, type DescMethod, type DescService, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';

// Numbers of descriptor.proto: the way through a file to what stands there.
const MESSAGES = 4;
const SERVICES = 6;
const METHODS = 2;
const OPTIONS = 4;

const DOCUMENTED = new URL('../../../../packages/contracts/moa-documented.binpb', import.meta.url);

/** All contracts with their comments. */
export const documented = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(DOCUMENTED)));

/** What stands above a service, an RPC or a message of `documented`, as one line. */
export function commentOf(what: DescService | DescMethod | DescMessage): string {
  const location = fileOf(what).proto.sourceCodeInfo?.location.find(({ path }) => path.join() === pathOf(what).join());
  return (location?.leadingComments ?? '').trim().replaceAll(/\s*\n\s*/g, ' ');
}

/** "proto/moa/auth/v1/auth_service.proto:26": where an RPC stands, or one of its options by the option's number. */
export function placeOf(method: DescMethod, option?: number): string {
  const wanted = [...pathOf(method), ...(option === undefined ? [] : [OPTIONS, option])].join();
  const { proto } = fileOf(method);
  const location = proto.sourceCodeInfo?.location.find(({ path }) => path.join() === wanted || path.join().startsWith(`${wanted},`));
  return `proto/${proto.name}:${(location?.span[0] ?? 0) + 1}`;
}

const fileOf = (what: DescService | DescMethod | DescMessage): DescFile => (what.kind === 'rpc' ? what.parent.file : what.file);

function pathOf(what: DescService | DescMethod | DescMessage): number[] {
  switch (what.kind) {
    case 'message':
      return [MESSAGES, what.file.proto.messageType.indexOf(what.proto)];
    case 'service':
      return [SERVICES, what.file.proto.service.indexOf(what.proto)];
    case 'rpc':
      return [...pathOf(what.parent), METHODS, what.parent.methods.indexOf(what)];
  }
}
