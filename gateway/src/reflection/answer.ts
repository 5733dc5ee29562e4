// What reflection answers: files, found by their name, by what they declare or by the extensions in them, each with what it imports.

import { type AnyDesc, type DescFile, type FileRegistry, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { status } from '@grpc/grpc-js';

/** A question as the loaded contract decodes it: `messageRequest` names the one that is asked. */
export interface Question {
  readonly messageRequest?:
    | 'fileByFilename'
    | 'fileContainingSymbol'
    | 'fileContainingExtension'
    | 'allExtensionNumbersOfType'
    | 'listServices';
  readonly fileByFilename?: string;
  readonly fileContainingSymbol?: string;
  readonly fileContainingExtension?: { readonly containingType: string; readonly extensionNumber: number };
  readonly allExtensionNumbersOfType?: string;
  readonly listServices?: string;
}

export type Reply =
  | { readonly fileDescriptorResponse: { readonly fileDescriptorProto: readonly Uint8Array[] } }
  | { readonly allExtensionNumbersResponse: { readonly baseTypeName: string; readonly extensionNumber: readonly number[] } }
  | { readonly listServicesResponse: { readonly service: readonly { readonly name: string }[] } }
  | { readonly errorResponse: { readonly errorCode: number; readonly errorMessage: string } };

/** Answers for these contracts. */
export function answerer(contracts: FileRegistry): (question: Question) => Reply {
  const types = [...contracts];
  const services = types.filter(({ kind }) => kind === 'service').map(({ typeName }) => ({ name: typeName }));
  const extensions = types.filter((type) => type.kind === 'extension');
  const fileByName = new Map([...contracts.files].map((file) => [file.proto.name, file]));
  const fileBySymbol = new Map(types.flatMap((type) => symbolsOf(type).map((symbol) => [symbol, type.file])));
  const bytes = new Map<DescFile, Uint8Array>();

  return (question) => {
    switch (question.messageRequest) {
      case 'listServices':
        return { listServicesResponse: { service: services } };
      case 'fileByFilename':
        return withImports(fileByName.get(question.fileByFilename ?? ''), `file ${question.fileByFilename}`);
      case 'fileContainingSymbol':
        return withImports(fileBySymbol.get(question.fileContainingSymbol ?? ''), `symbol ${question.fileContainingSymbol}`);
      case 'fileContainingExtension': {
        const { containingType = '', extensionNumber = 0 } = question.fileContainingExtension ?? {};
        const extension = extensions.find(({ extendee, number }) => extendee.typeName === containingType && number === extensionNumber);
        return withImports(extension?.file, `extension ${extensionNumber} of ${containingType}`);
      }
      case 'allExtensionNumbersOfType': {
        const baseTypeName = question.allExtensionNumbersOfType ?? '';
        if (contracts.getMessage(baseTypeName) === undefined) return failure(status.NOT_FOUND, `there is no message ${baseTypeName}`);
        const extensionNumber = extensions.filter(({ extendee }) => extendee.typeName === baseTypeName).map(({ number }) => number);
        return { allExtensionNumbersResponse: { baseTypeName, extensionNumber } };
      }
      default:
        return failure(status.INVALID_ARGUMENT, 'nothing is asked for');
    }
  };

  function withImports(file: DescFile | undefined, what: string): Reply {
    if (file === undefined) return failure(status.NOT_FOUND, `there is no ${what}`);
    const files = new Set<DescFile>();
    addWithImports(file, files);
    return { fileDescriptorResponse: { fileDescriptorProto: [...files].map(bytesOf) } };
  }

  function bytesOf(file: DescFile): Uint8Array {
    const known = bytes.get(file) ?? toBinary(FileDescriptorProtoSchema, file.proto);
    bytes.set(file, known);
    return known;
  }
}

const failure = (errorCode: status, errorMessage: string): Reply => ({ errorResponse: { errorCode, errorMessage } });

// The file that is asked for comes first.
function addWithImports(file: DescFile, files: Set<DescFile>): void {
  if (files.has(file)) return;
  files.add(file);
  for (const dependency of file.dependencies) addWithImports(dependency, files);
}

// A type, and what is declared in it under a name of its own.
function symbolsOf(type: AnyDesc & { readonly typeName: string }): string[] {
  const within = (members: readonly { readonly name: string }[]) => members.map(({ name }) => `${type.typeName}.${name}`);
  switch (type.kind) {
    case 'service':
      return [type.typeName, ...within(type.methods)];
    case 'message':
      return [type.typeName, ...within(type.fields), ...within(type.oneofs)];
    case 'enum':
      // Values belong to what surrounds their enum.
      return [type.typeName, ...type.values.map(({ name }) => type.typeName.replace(/[^.]+$/, name))];
    default:
      return [type.typeName];
  }
}
