import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { contractProblems } from '../src/check.js';
import { contracts, describeRpc, listEvents, listRpcs, moaServices } from '../src/descriptors.js';
import { pathOf, policyOf, type ServiceDefinition } from '../src/method.js';

const definitionOf = async (file: string, name: string): Promise<ServiceDefinition> =>
  (await import(new URL(`../src/${file}.js`, import.meta.url).href))[`${name}Definition`];

test('the contracts of the house have no problems', () => {
  assert.equal(contractProblems(), []);
});

test('a policy is the same, read from generated code and from descriptors, for every RPC', async () => {
  let compared = 0;
  for (const service of moaServices()) {
    const definition = await definitionOf(service.file.name, service.name);
    assert.is(definition.fullName, service.typeName);
    assert.equal(
      Object.values(definition.methods).map(({ name }) => name),
      service.methods.map(({ name }) => name),
    );
    for (const method of service.methods) {
      const generated = definition.methods[method.localName];
      const { access, timeoutMs, repeatable, rate, freshAuthMinutes, path, streams } = describeRpc(service, method);
      assert.equal(policyOf(generated), { access, timeoutMs, repeatable, rate, freshAuthMinutes }, path);
      assert.is(pathOf(definition, generated), path);
      assert.is(generated.requestStream || generated.responseStream, streams);
      assert.is(generated.requestType.$type, method.input.typeName);
      assert.is(generated.responseType.$type, method.output.typeName);
      compared++;
    }
  }
  assert.is(compared, listRpcs().length);
  assert.ok(compared > 0);
});

test('a policy says what its contract says', () => {
  const rpcs = new Map(listRpcs().map((rpc) => [`${rpc.service}.${rpc.method}`, rpc]));
  const signUp = rpcs.get('moa.auth.v1.AuthService.SignUp')!;
  assert.is(signUp.access.$case, 'public');
  assert.equal([signUp.timeoutMs, signUp.repeatable, signUp.rate], [5_000, true, { perMinute: 30, burst: 10, byAddress: true }]);
  assert.equal([signUp.path, signUp.domain, signUp.streams], ['/moa.auth.v1.AuthService/SignUp', 'auth', false]);
  const getEmail = rpcs.get('moa.auth.v1.AccountService.GetEmail')!;
  assert.equal(getEmail.access, { $case: 'internal', value: { names: ['user'] } });
  assert.is(getEmail.rate, undefined);
});

test("an event's key is the field that holds it, in the words of the generated code", () => {
  const events = new Map(listEvents().map((event) => [event.type, event]));
  assert.equal(events.get('moa.user.v1.ProfileUpdated'), { type: 'moa.user.v1.ProfileUpdated', owner: 'user', key: 'accountId' });
  for (const { type, key } of events.values())
    assert.ok(
      contracts.getMessage(type)!.fields.some(({ jsonName }) => jsonName === key),
      type,
    );
});

test.run();
