import { create, createFileRegistry, type DescService, type FileRegistry, fromBinary } from '@bufbuild/protobuf';
import { type FileDescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { contracts, listRpcs } from '@moa/contracts/descriptors';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { answerer, type Question, type Reply } from '../src/reflection/answer.js';
import { publicContracts } from '../src/reflection/public-contracts.js';
import { openGateway } from './support.js';

const NOT_FOUND = 5;
const gateway = await openGateway();
test.after(() => gateway.close());

const internal = listRpcs().filter(({ access }) => access.$case === 'internal');
const open = listRpcs().filter(({ access }) => access.$case !== 'internal');
const answer = answerer(publicContracts());

const filesOf = (reply: Reply) => {
  if (!('fileDescriptorResponse' in reply)) throw new Error(JSON.stringify(reply));
  return reply.fileDescriptorResponse.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
};
/** What a client makes of an answer: it works only when everything that is needed is in it. */
function registryOf(reply: Reply): FileRegistry {
  const files = new Map(filesOf(reply).map((file) => [file.name, file]));
  const ordered = new Set<FileDescriptorProto>();
  const add = (file: FileDescriptorProto) => {
    for (const name of file.dependency) add(files.get(name)!);
    ordered.add(file);
  };
  for (const file of files.values()) add(file);
  return createFileRegistry(create(FileDescriptorSetSchema, { file: [...ordered] }));
}

test('both versions list every service that has something to call, and no other', async () => {
  for (const version of ['v1', 'v1alpha']) {
    const [reply] = await gateway.reflect(version, [{ listServices: '' }]);
    const names = (reply as { listServicesResponse: { service: { name: string }[] } }).listServicesResponse.service.map(({ name }) => name);
    assert.equal(names.toSorted(), [...new Set(open.map(({ service }) => service))].toSorted());
  }
});

test('every service is described with all that its messages need', async () => {
  const services = [...new Set(open.map(({ service }) => service))];
  const replies = await gateway.reflect(
    'v1',
    services.map((fileContainingSymbol) => ({ fileContainingSymbol })),
  );
  for (const [index, service] of services.entries()) {
    const methods = registryOf(replies[index]!)
      .getService(service)!
      .methods.map(({ name }) => name);
    assert.equal(
      methods,
      open.filter((rpc) => rpc.service === service).map(({ method }) => method),
    );
  }
});

test('an INTERNAL RPC is not to be found, by no question', () => {
  for (const { service, method } of internal) {
    assert.ok('errorResponse' in answer({ messageRequest: 'fileContainingSymbol', fileContainingSymbol: `${service}.${method}` }));
    if (open.some((rpc) => rpc.service === service)) continue;
    assert.ok('errorResponse' in answer({ messageRequest: 'fileContainingSymbol', fileContainingSymbol: service }), service);
  }
  for (const file of contracts.files) {
    const reply = answer({ messageRequest: 'fileByFilename', fileByFilename: file.proto.name });
    if ('errorResponse' in reply) continue;
    for (const found of filesOf(reply)) {
      assert.is(found.sourceCodeInfo, undefined);
      for (const { name, method } of found.service)
        for (const rpc of internal)
          assert.not(rpc.service === `${found.package}.${name}` && method.some((one) => one.name === rpc.method), rpc.path);
    }
  }
});

test('a service that is partly INTERNAL shows its other half', () => {
  const mixed = internal.find(({ service }) => open.some((rpc) => rpc.service === service))!;
  const described = publicContracts().getService(mixed.service) as DescService;
  assert.ok(described.methods.length > 0);
  assert.not(described.methods.some(({ name }) => name === mixed.method));
});

test('a message is found by its name, its fields, what lies within it, and an enum by its values', () => {
  const ask = (fileContainingSymbol: string) => answer({ messageRequest: 'fileContainingSymbol', fileContainingSymbol });
  for (const symbol of [
    'moa.type.v1.Money',
    'moa.type.v1.Money.amount_minor',
    'moa.options.v1.Role',
    'moa.options.v1.ROLE_ADMIN',
    'moa.options.v1.access',
    'google.rpc.ErrorInfo',
    'google.protobuf.FieldOptions.CType',
  ])
    assert.ok('fileDescriptorResponse' in ask(symbol), symbol);
  for (const symbol of ['', 'moa', 'moa.type.v1.Nothing', '.moa.type.v1.Money', '__proto__', 'constructor']) {
    const reply = ask(symbol);
    assert.is('errorResponse' in reply && reply.errorResponse.errorCode, NOT_FOUND, symbol);
  }
});

test('the options that a contract uses are found as extensions', () => {
  const reply = answer({ messageRequest: 'allExtensionNumbersOfType', allExtensionNumbersOfType: 'google.protobuf.MethodOptions' });
  assert.ok(
    'allExtensionNumbersResponse' in reply &&
      [50001, 50002].every((number) => reply.allExtensionNumbersResponse.extensionNumber.includes(number)),
  );
  const fileContainingExtension = { containingType: 'google.protobuf.FieldOptions', extensionNumber: 1159 };
  const [file] = filesOf(answer({ messageRequest: 'fileContainingExtension', fileContainingExtension }));
  assert.is(file!.name, 'buf/validate/validate.proto');
  assert.ok(
    'errorResponse' in
      answer({ messageRequest: 'fileContainingExtension', fileContainingExtension: { ...fileContainingExtension, extensionNumber: 1 } }),
  );
});

test('a question without a question is told so, and the conversation goes on', async () => {
  const replies = await gateway.reflect('v1', [{}, { listServices: '' }, { fileByFilename: 'no/such.proto' }]);
  assert.equal(
    replies.map((reply) => Object.keys(reply).find((key) => key.endsWith('Response'))),
    ['errorResponse', 'listServicesResponse', 'errorResponse'],
  );
});

test('hundreds of questions that nobody reads the answers of do not fill the memory', async () => {
  const questions: Question[] = Array.from({ length: 500 }, () => ({ fileContainingSymbol: 'moa.type.v1.Money' }));
  assert.is((await gateway.reflect('v1', questions)).length, questions.length);
});

test('buf finds its way by reflection: it lists, and calls', async () => {
  const { stdout } = await gateway.buf(['--list-methods']);
  assert.equal(stdout.trim().split('\n').toSorted(), open.map(({ path }) => path.slice(1)).toSorted());
});

test.run();
