// Reflection for the whole mesh over gRPC, in both versions that clients speak: they differ in nothing but the name.
import { fileURLToPath } from 'node:url';
import type { FileRegistry } from '@bufbuild/protobuf';
import type { Server, ServerDuplexStream, ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { answerer, type Question, type Reply } from './answer.js';

const PROTO_FOLDER = fileURLToPath(new URL('../../../proto', import.meta.url));
const VERSIONS = ['v1', 'v1alpha'];

type Answer = Reply & { readonly validHost: string; readonly originalRequest: Question };

export function serveReflection(server: Server, contracts: FileRegistry): void {
  const answer = answerer(contracts);
  const loaded = loadSync('grpc/reflection/v1/reflection.proto', { includeDirs: [PROTO_FOLDER], oneofs: true });
  const { ServerReflectionInfo: method } = loaded['grpc.reflection.v1.ServerReflection'] as ServiceDefinition;

  const converse = (call: ServerDuplexStream<Question & { readonly host?: string }, Answer>) => {
    call.on('data', (question) => {
      const more = call.write({ validHost: question.host ?? '', originalRequest: question, ...answer(question) });
      // Who does not read is not asked for more.
      if (more) return;
      call.pause();
      call.once('drain', () => call.resume());
    });
    call.on('end', () => call.end());
  };
  for (const version of VERSIONS) {
    const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
    server.addService({ ServerReflectionInfo: { ...method!, path } }, { ServerReflectionInfo: converse });
  }
}
