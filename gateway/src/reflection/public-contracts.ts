// The contracts as everybody may see them: what INTERNAL RPCs are called is nobody's business outside.
import { clone, create, createFileRegistry, type DescFile, type FileRegistry } from '@bufbuild/protobuf';
import { type FileDescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { contracts, listRpcs, moaServices } from '@moa/contracts/descriptors';

/** The files of the services that can be called through Envoy, and what these need; without INTERNAL RPCs. */
export function publicContracts(registry: FileRegistry = contracts): FileRegistry {
  const isPublic = new Set(
    listRpcs(registry)
      .filter(({ access }) => access.$case !== 'internal')
      .map(({ service, method }) => `${service}.${method}`),
  );
  const needed = new Set<DescFile>();
  for (const { file, typeName, methods } of moaServices(registry))
    if (methods.some(({ name }) => isPublic.has(`${typeName}.${name}`))) addWithImports(file, needed);
  // What the details of errors are made of: no contract names it, but every tool shows it.
  for (const file of registry.files) if (file.proto.package === 'google.rpc') addWithImports(file, needed);
  const file = [...needed].map(({ proto }) => withoutInternal(proto, isPublic));
  return createFileRegistry(create(FileDescriptorSetSchema, { file }));
}

// Imports first, as a registry wants them.
function addWithImports(file: DescFile, files: Set<DescFile>): void {
  for (const dependency of file.dependencies) addWithImports(dependency, files);
  files.add(file);
}

function withoutInternal(original: FileDescriptorProto, isPublic: ReadonlySet<string>): FileDescriptorProto {
  const file = clone(FileDescriptorProtoSchema, original);
  for (const service of file.service)
    service.method = service.method.filter(({ name }) => isPublic.has(`${file.package}.${service.name}.${name}`));
  file.service = file.service.filter(({ method }) => method.length > 0);
  // Comments are found by position, which is another one now.
  delete file.sourceCodeInfo;
  return file;
}
