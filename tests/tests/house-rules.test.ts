// A small house that keeps every rule, and what the script says when one file of it does not.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { houseProblems } from '../src/house-rules.js';

type Files = Record<string, string>;

const MIGRATION = 'services/toy/prisma/migrations/0000_kit/migration.sql';
const SOUND: Files = {
  'proto/moa/toy/v1/toy_service.proto':
    'service ToyService {\n  // Gives one.\n  rpc GetToy(GetToyRequest) returns (GetToyResponse) {}\n}\n',
  'packages/kit/src/index.ts': "export { fail } from './fail.js';\nimport '@moa/contracts/method';\n",
  'services/toy/README.md': '# Toy\n## Owns\n## Calls\n## Publishes\n## Consumes\n',
  'services/toy/prisma.config.ts': 'export default process.env.DATABASE_URL;\n',
  [MIGRATION]: '-> ../../../../../packages/kit/sql/0000_kit.sql',
  'services/toy/src/config.ts': 'export const port = process.env.PORT;\n',
  'services/toy/src/domain/toy.ts':
    "import { fail } from '../errors.js';\nimport { price } from './price.js';\nexport const at = new Date(0);\n",
  'services/toy/src/rpc/get-toy.ts':
    "// Not process.env, and not setTimeout(f, 5000).\nimport { toy } from '../domain/toy.js';\nimport { find } from '../store/toys.js';\nimport { fail } from '@moa/kit';\n",
  'services/toy/src/rpc/index.ts': "import { ToyServiceDefinition } from '@moa/contracts/toy/v1/toy_service';\n",
  'services/toy/tests/get-toy.test.ts': "import { openTestbed } from '@moa/testkit';\nawait toys.getToy({ id });\ntest.run();\n",
};

const roots: string[] = [];

/** What is found in the sound house when the given files are added to it, or replace what is there. */
function problemsWith(changed: Files): string {
  const root = mkdtempSync(join(tmpdir(), 'house-'));
  roots.push(root);
  for (const [path, text] of Object.entries({ ...SOUND, ...changed })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    if (text.startsWith('-> ')) symlinkSync(text.slice(3), join(root, path));
    else writeFileSync(join(root, path), text);
  }
  return houseProblems(root).join('\n');
}

const finds = (changed: Files, ...expected: string[]) => {
  const found = problemsWith(changed);
  for (const line of expected) assert.ok(found.includes(line), `${line} is not in:\n${found}`);
};

test('a house that keeps the rules has no problem', () => {
  assert.is(problemsWith({}), '');
});

test('a service imports no other service, and no test kit outside of its tests', () => {
  finds({ 'services/toy/src/a.ts': "import '@moa/auth';" }, 'services/toy/src/a.ts:1 imports @moa/auth');
  finds({ 'services/toy/src/a.ts': "\nimport {\n  x,\n} from '@moa/testkit';" }, 'services/toy/src/a.ts:4 imports @moa/testkit');
  finds({ 'gateway/src/a.ts': "const x = await import('@moa/auth/x');" }, 'gateway/src/a.ts:1 imports @moa/auth/x');
  finds({ 'services/toy/tests/a.ts': "export * from '@moa/stack';" }, 'imports @moa/stack');
});

test('no import reaches into another package by its path', () => {
  finds({ 'services/toy/src/a.ts': "import '../../auth/src/x.js';" }, 'services/toy/src/a.ts:1 imports ../../auth/src/x.js');
});

test('domain imports nothing outward', () => {
  const imported = [
    '../rpc/get-toy.js',
    '../store/toys.js',
    '../events/on-x.js',
    '../generated/client.js',
    'node:fs',
    'node:net',
    '@moa/contracts/toy/v1/toy_service',
    'pg',
  ];
  for (const specifier of imported)
    finds({ 'services/toy/src/domain/a.ts': `import '${specifier}';` }, `domain/a.ts:1 imports ${specifier}`);
});

test('domain takes time and randomness as arguments', () => {
  for (const call of ['Date.now()', 'Math.random()', 'new Date()', 'randomUUID()']) {
    finds({ 'services/toy/src/domain/a.ts': `export const x = ${call};` }, `domain/a.ts:1 calls ${call.slice(0, -2)}`);
  }
});

test('rpc and events do not import each other', () => {
  finds({ 'services/toy/src/rpc/a.ts': "import '../events/on-x.js';" }, 'rpc/a.ts:1 imports ../events/on-x.js');
  finds({ 'services/toy/src/events/a.ts': "import '../rpc/get-toy.js';" }, 'events/a.ts:1 imports ../rpc/get-toy.js');
  finds({ 'services/toy/src/store/a.ts': "import '../rpc/get-toy.js';" }, 'store/a.ts:1 imports ../rpc/get-toy.js');
});

test('the kit knows no service, and has no framework', () => {
  finds({ 'packages/kit/src/a.ts': "import '@moa/client';" }, 'packages/kit/src/a.ts:1 imports @moa/client');
  finds(
    { 'packages/kit/src/a.ts': '@Injectable()\nexport abstract class Base {}' },
    'a.ts:1 has a decorator',
    'a.ts:2 has an abstract class',
  );
});

test('the environment is read in config.ts only', () => {
  finds({ 'services/toy/src/service.ts': 'const x = process.env.X;' }, 'services/toy/src/service.ts:1 reads process.env');
  finds({ 'packages/kit/src/log.ts': 'const { X } = process.env;' }, 'packages/kit/src/log.ts:1 reads process.env');
});

test('a limit has a name', () => {
  finds({ 'services/toy/src/a.ts': 'setTimeout(stop, 5_000);' }, 'a.ts:1 setTimeout with a bare 5_000');
  finds({ 'services/toy/src/a.ts': 'fetch(url, { signal: AbortSignal.timeout(3000) });' }, 'a.ts:1 AbortSignal.timeout with a bare 3000');
});

test('a file fits the screen, and its name says what it holds', () => {
  finds({ 'services/toy/src/a.ts': '\n'.repeat(301) }, 'services/toy/src/a.ts has 301 lines');
  for (const name of ['utils.ts', 'string-helpers.ts', 'common/x.ts', 'toy-manager.ts'])
    finds({ [`services/toy/src/${name}`]: '' }, 'is named "');
  finds({ 'services/toy/src/getToy.ts': '' }, 'services/toy/src/getToy.ts is not in kebab-case');
});

test('a test file runs all of its tests', () => {
  finds({ 'services/toy/tests/a.test.ts': "test('x', () => {});" }, 'tests/a.test.ts does not end with test.run();');
  finds({ 'services/toy/tests/a.test.ts': "test.only('x', () => {});\ntest.run();" }, 'tests/a.test.ts:1 runs only one of its tests');
  finds({ 'services/toy/tests/a.test.ts': "const a = suite('a');\nb.run();" }, 'tests/a.test.ts:1 never runs the suite a');
});

test('every contract is served, and every RPC has its file and its test', () => {
  const contract = 'proto/moa/toy/v1/toy_service.proto';
  const withSecond = `${SOUND[contract]?.slice(0, -2)}  rpc BreakToy(A) returns (B) {}\n}\n`;
  finds(
    { [contract]: withSecond },
    `${contract}:4 BreakToy has no services/toy/src/rpc/break-toy.ts`,
    `${contract}:4 no test calls breakToy`,
  );
  finds({ [contract]: withSecond.replace('BreakToy', 'StartOAuth') }, 'StartOAuth has no services/toy/src/rpc/start-oauth.ts');
  finds({ 'services/toy/src/rpc/index.ts': '' }, `${contract}:1 services/toy does not serve ToyService`);
});

test('a service says what it owns, calls, publishes and consumes', () => {
  finds(
    { 'services/toy/README.md': '# Toy\n## Owns\n## Publishes\n' },
    'README.md has no heading "Calls"',
    'README.md has no heading "Consumes"',
  );
  finds({ 'services/other/src/a.ts': '' }, 'services/other/README.md is missing');
});

test("a database starts with the kit's own migration", () => {
  finds({ [MIGRATION]: 'CREATE SCHEMA kit;' }, `${MIGRATION} is not a link to packages/kit/sql/0000_kit.sql`);
  finds({ [MIGRATION]: '-> ../0001_init/migration.sql' }, `${MIGRATION} leads to services/toy/prisma/migrations/0001_init/migration.sql`);
});

test.after(() => {
  for (const root of roots) rmSync(root, { recursive: true });
});
test.run();
