import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listRpcs, type Rpc } from '@moa/contracts/descriptors';
import { Role } from '@moa/contracts/options/v1/options';
import { root } from '@moa/stack';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { explainRpc } from '../src/explain/explain.js';
import { findRpcs, likeRpcs } from '../src/explain/find-rpc.js';
import { printExplanation, printTable } from '../src/explain/print.js';

const rpcs = listRpcs();
const pathsOf = (found: readonly Rpc[]) => found.map(({ path }) => path);
const SIGN_IN = '/moa.auth.v1.AuthService/SignIn';
const rpcAt = (path: string) => rpcs.find((rpc) => rpc.path === path)!;
const factOf = (rpc: Rpc, name: string) =>
  explainRpc(rpc)
    .facts.find((fact) => fact.name === name)!
    .says.join(' ');

test('an RPC is found by its name, with its service or by its whole path, in any case', () => {
  for (const text of ['SignIn', 'signin', 'AuthService/SignIn', 'AuthService.SignIn', SIGN_IN, SIGN_IN.slice(1)])
    assert.equal(pathsOf(findRpcs(rpcs, text)), [SIGN_IN], text);
});

test('half a name finds nothing, and is told what it may have meant', () => {
  assert.equal(findRpcs(rpcs, 'SignI'), []);
  assert.ok(pathsOf(likeRpcs(rpcs, 'SignI')).includes(SIGN_IN));
});

test('a name that several services use finds them all', () => {
  const twice = [...rpcs, { ...rpcAt(SIGN_IN), service: 'moa.other.v1.OtherService', path: '/moa.other.v1.OtherService/SignIn' }];
  assert.is(findRpcs(twice, 'SignIn').length, 2);
  assert.is(findRpcs(twice, 'OtherService/SignIn').length, 1);
});

test('every RPC is explained, and what it refers to stands there', () => {
  for (const rpc of rpcs) {
    const { facts, comment } = explainRpc(rpc);
    assert.ok(comment, rpc.path);
    const contract = facts.find(({ name }) => name === 'Contract')!.writtenAt[0]!;
    assert.match(lineAt(contract), new RegExp(`rpc ${rpc.method}\\(`));
    const [access = ''] = facts.find(({ name }) => name === 'Who')!.writtenAt;
    assert.match(lineAt(access), /option \(moa\.options\.v1\.access\)/);
    for (const { writtenAt } of facts) for (const place of writtenAt) assert.ok(lineAt(place).trim(), place);
    assert.match(printExplanation(explainRpc(rpc)), rpc.path);
  }
});

test('what is said is what the contract says', () => {
  const rpc: Rpc = {
    ...rpcAt(SIGN_IN),
    access: { $case: 'roles', value: { any: [Role.ROLE_ADMIN, Role.ROLE_PARTNER], partnerScope: 'orders:read' } },
    rate: { perMinute: 7, burst: 3, byAddress: true },
    timeoutMs: 1_500,
    repeatable: true,
    freshAuthMinutes: 5,
  };
  assert.match(factOf(rpc, 'Who'), /ADMIN or PARTNER with scope orders:read/);
  assert.match(factOf(rpc, 'Limits'), /7 a minute, 3 at once, for each address, whoever calls/);
  assert.match(factOf(rpc, 'Timeout'), /1\.5 s in the service\. 2 s at Envoy/);
  assert.match(factOf(rpc, 'Retries'), /^Repeatable/);
  assert.match(factOf(rpc, 'Fresh auth'), /not older than 5 minutes/);
  assert.match(factOf({ ...rpc, rate: undefined }, 'Limits'), /the default of the edge/);
});

test('of an INTERNAL RPC it says which services may call, and that there is no way in from outside', () => {
  const rpc = rpcs.find(({ access }) => access.$case === 'internal')!;
  const { names } = rpc.access.value as { names: string[] };
  assert.match(factOf(rpc, 'Who'), names.join(', '));
  assert.match(factOf(rpc, 'Outside'), /Envoy has no route/);
});

test('the table has a line for every RPC', () => {
  const lines = printTable(rpcs).split('\n');
  for (const { method } of rpcs)
    assert.ok(
      lines.some((line) => line.startsWith(`  ${method} `)),
      method,
    );
});

function lineAt(place: string): string {
  const [file = '', line] = place.split(':');
  return readFileSync(join(root, file), 'utf8').split('\n')[Number(line) - 1]!;
}

test.run();
