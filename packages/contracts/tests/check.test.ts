import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createFileRegistry, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { contractProblems } from '../src/check.js';

const root = fileURLToPath(new URL('../../../..', import.meta.url));
const SIGNED_IN = 'option (moa.options.v1.access).signed_in = {};';
const LIMITED = 'option (moa.options.v1.call) = {timeout_ms: 1000};';

/** The problems of contracts that are made of these RPCs and events, beside the house's own options. */
function problemsOf({ rpcs = '', events = '' }: { rpcs?: string; events?: string }): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'moa-contracts-'));
  try {
    cpSync(join(root, 'proto/moa/options'), join(folder, 'moa/options'), { recursive: true });
    mkdirSync(join(folder, 'moa/toy/v1'), { recursive: true });
    writeFileSync(join(folder, 'buf.yaml'), 'version: v2\n');
    const write = (name: string, body: string) =>
      writeFileSync(
        join(folder, 'moa/toy/v1', name),
        `syntax = "proto3";\npackage moa.toy.v1;\nimport "moa/options/v1/options.proto";\n${body}`,
      );
    write('toy_service.proto', `service ToyService {\n${rpcs}\n}\nmessage Plain {}\nmessage Once { string request_id = 1; }\n`);
    write('toy_events.proto', events);
    execFileSync(join(root, 'node_modules/.bin/buf'), ['build', folder, '-o', join(folder, 'all.binpb')], { stdio: 'pipe' });
    return contractProblems(createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(join(folder, 'all.binpb')))));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const rpc = (name: string, request: string, ...options: string[]) => `rpc ${name}(${request}) returns (Plain) {${options.join(' ')}}\n`;

test('contracts that leave nothing out pass', () => {
  const rpcs = rpc('GetToy', 'Plain', SIGNED_IN, LIMITED) + rpc('CreateToy', 'Once', SIGNED_IN, LIMITED);
  const events = 'message ToyMade { option (moa.options.v1.event) = {owner: "toy" key: "toy_id"}; string toy_id = 1; }';
  assert.equal(problemsOf({ rpcs, events }), []);
});

test('an RPC that does not say who may call it fails, and one that leaves it open too', () => {
  const rpcs =
    rpc('GetToy', 'Plain', LIMITED) +
    rpc('ListToys', 'Plain', 'option (moa.options.v1.access) = {};', LIMITED) +
    rpc('GetRoles', 'Plain', 'option (moa.options.v1.access).roles = {};', LIMITED) +
    rpc('GetInside', 'Plain', 'option (moa.options.v1.access).internal = {};', LIMITED);
  assert.equal(problemsOf({ rpcs }), [
    'moa.toy.v1.ToyService.GetToy has no access rule in its contract',
    'moa.toy.v1.ToyService.ListToys has no access rule in its contract',
    'moa.toy.v1.ToyService.GetRoles names no role',
    'moa.toy.v1.ToyService.GetInside names no service',
  ]);
});

test('an RPC without a timeout fails, unless it streams', () => {
  const watch = `rpc WatchToy(Plain) returns (stream Plain) {${SIGNED_IN}}`;
  assert.equal(problemsOf({ rpcs: rpc('GetToy', 'Plain', SIGNED_IN) + watch }), ['moa.toy.v1.ToyService.GetToy has no timeout_ms']);
});

test('an RPC that creates something or moves money, without request_id, fails', () => {
  const verbs = ['Create', 'Register', 'Charge', 'Refund', 'Cancel', 'Approve'];
  const problems = problemsOf({ rpcs: verbs.map((verb) => rpc(`${verb}Toy`, 'Plain', SIGNED_IN, LIMITED)).join('') });
  assert.equal(
    problems,
    verbs.map((verb) => `moa.toy.v1.ToyService.${verb}Toy creates something or moves money, but takes no request_id`),
  );
});

test('an RPC that is repeatable, but neither reads nor takes a request_id, fails', () => {
  const repeatable = 'option (moa.options.v1.call) = {timeout_ms: 1000 repeatable: true};';
  const rpcs = rpc('GetToy', 'Plain', SIGNED_IN, repeatable) + rpc('WindToy', 'Plain', SIGNED_IN, repeatable);
  assert.equal(problemsOf({ rpcs }), ['moa.toy.v1.ToyService.WindToy is repeatable, but neither reads nor takes a request_id']);
});

test('an event without an owner, of another owner, or without the field of its key fails', () => {
  const events = `
    message ToyMade { string toy_id = 1; message Part {} }
    message ToyTaken { option (moa.options.v1.event) = {owner: "funding" key: "toy_id"}; string toy_id = 1; }
    message ToyLost { option (moa.options.v1.event) = {owner: "toy" key: "id"}; string toy_id = 1; }
    message ToyFound { option (moa.options.v1.event) = {owner: "toy"}; string toy_id = 1; }`;
  assert.equal(problemsOf({ events }), [
    'moa.toy.v1.ToyMade stands among the events, but has no owner',
    'moa.toy.v1.ToyTaken is owned by "funding", but stands in toy\'s contract',
    'moa.toy.v1.ToyLost has no field that is its key',
    'moa.toy.v1.ToyFound has no field that is its key',
  ]);
});

test.run();
